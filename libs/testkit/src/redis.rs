//! A Redis server that belongs to one test.

use std::{
    ffi::OsString,
    fs, io,
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[derive(Parser)]
struct Needed {
    /// Redis's program.
    #[arg(long, env = "ONDOL_TEST_REDIS", default_value = "redis-server")]
    redis: PathBuf,
    /// Valkey's program.
    #[arg(long, env = "ONDOL_TEST_VALKEY", default_value = "valkey-server")]
    valkey: PathBuf,
}

const START: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(5);
const FORGETFUL: [&str; 2] = ["--appendonly", "no"];

/// A server of its own, on a socket in a temporary folder. It ends with the value, also when the test panics.
///
/// The program is the one that `ONDOL_TEST_REDIS` names, or `redis-server`, and for [`Redis::valkey`] the one that
/// `ONDOL_TEST_VALKEY` names, or `valkey-server`. Without one a test fails; it never skips.
pub struct Redis {
    folder: TempDir,
    make: Make,
    options: Vec<OsString>,
    port: Option<u16>,
    child: Child,
}

/// Whose server it is.
#[derive(Clone, Copy)]
enum Make {
    Redis,
    Valkey,
}

impl Redis {
    /// A server that forgets everything when it ends.
    pub fn start() -> io::Result<Self> {
        Self::start_with(&FORGETFUL)
    }

    /// The same of Valkey.
    pub fn valkey() -> io::Result<Self> {
        Self::launch(Make::Valkey, &FORGETFUL, None, None)
    }

    /// A server that writes every change to disk before it answers.
    pub fn durable() -> io::Result<Self> {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server with options of its own, such as `--maxmemory`.
    pub fn start_with(options: &[&str]) -> io::Result<Self> {
        Self::launch(Make::Redis, options, None, None)
    }

    /// A server that forgets everything when it ends, with options of its own, and that also listens on a free port of
    /// this machine, where others can reach it.
    pub fn listening(options: &[&str]) -> io::Result<Self> {
        Self::launch(Make::Redis, &[&FORGETFUL, options].concat(), Some(free_port()?), None)
    }

    /// The same, ready to be a member of a cluster. The port on which members talk to each other is returned as well:
    /// by default it is one that may not exist.
    pub fn member(options: &[&str]) -> io::Result<(Self, u16)> {
        let bus = free_port()?;
        let text = bus.to_string();
        let options = [&["--cluster-enabled", "yes", "--cluster-port", &text], options].concat();
        Ok((Self::listening(&options)?, bus))
    }

    /// A sentinel with this configuration, line by line, on a free port.
    pub fn sentinel(configuration: &str) -> io::Result<Self> {
        // It writes into its file what it learns.
        Self::launch(Make::Redis, &["--sentinel"], Some(free_port()?), Some(configuration))
    }

    fn launch(
        make: Make,
        options: &[&str],
        port: Option<u16>,
        configuration: Option<&str>,
    ) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("redis").tempdir()?;
        let mut options: Vec<_> = options.iter().map(OsString::from).collect();
        if let Some(configuration) = configuration {
            let file = folder.path().join("configuration");
            fs::write(&file, configuration)?;
            options.insert(0, file.into());
        } else {
            options.extend(["--save", ""].map(OsString::from));
        }
        let child = spawn(folder.path(), make, &options, port)?;
        let mut redis = Self { folder, make, options, port, child };
        redis.wait_until_ready()?;
        Ok(redis)
    }

    /// The address for a client.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The port, if it listens on one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Ends it without warning.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Ends it in good order, with everything on disk that is to be there.
    pub fn stop(&mut self) -> io::Result<()> {
        self.signal(Signal::TERM)?;
        self.child.wait().map(drop)
    }

    /// Starts it again, after [`Redis::kill`] or [`Redis::stop`], with what it had on disk.
    pub fn restart(&mut self) -> io::Result<()> {
        // A server that was killed leaves its socket behind.
        match fs::remove_file(self.socket()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.child = spawn(self.folder.path(), self.make, &self.options, self.port)?;
        self.wait_until_ready()
    }

    /// Stops it in the middle of whatever it does; its connections stay open and silent.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Says something over a connection of its own and returns the answer as the server writes it. For commands whose
    /// answer is short.
    pub fn ask(&self, words: &[&str]) -> io::Result<String> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(START))?;
        write!(stream, "*{}\r\n", words.len())?;
        for word in words {
            write!(stream, "${}\r\n{word}\r\n", word.len())?;
        }
        let mut answer = vec![0; 64 * 1024];
        let length = stream.read(&mut answer)?;
        answer.truncate(length);
        Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_child(&self.child);
        Ok(kill_process(pid, signal)?)
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let end = Instant::now() + START;
        loop {
            let answer = self.ask(&["PING"]);
            if answer.as_ref().is_ok_and(|answer| answer == "+PONG") {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the server ended at once, {status}:\n{log}")));
            }
            if Instant::now() > end {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("the server says {answer:?}")));
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.kill());
    }
}

/// Free a moment ago is nearly always free now.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn spawn(folder: &Path, make: Make, options: &[OsString], port: Option<u16>) -> io::Result<Child> {
    let needed = Needed::parse_from(["test"]);
    let (program, variable) = match make {
        Make::Redis => (needed.redis, "ONDOL_TEST_REDIS"),
        Make::Valkey => (needed.valkey, "ONDOL_TEST_VALKEY"),
    };
    let log = fs::File::create(folder.join("log"))?;
    let spawned = Command::new(&program)
        .args(options)
        .arg("--port")
        .arg(port.unwrap_or(0).to_string())
        .args(["--bind", "127.0.0.1", "--unixsocket", "socket", "--dir"])
        .arg(folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn();
    spawned.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "cannot start {}: {error}; set {variable} to the server of version 7 or newer that the tests are to \
                 use, as `./just test` does",
                program.display()
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Make, Redis};

    #[test]
    fn a_sentinel_and_a_member_say_what_they_are() {
        let sentinel = Redis::sentinel("").unwrap();
        assert!(sentinel.ask(&["ROLE"]).unwrap().contains("sentinel"));
        let (member, _bus) = Redis::member(&[]).unwrap();
        assert!(member.ask(&["CLUSTER", "INFO"]).unwrap().contains("cluster_known_nodes:1"));
    }

    #[test]
    fn valkey_is_started_where_valkey_was_asked_for() {
        let valkey = Redis::valkey().unwrap();
        assert!(matches!(valkey.make, Make::Valkey));
        assert!(valkey.ask(&["INFO", "server"]).unwrap().contains("server_name:valkey"));
    }

    #[test]
    fn a_durable_server_has_its_data_again_after_a_restart() {
        let mut redis = Redis::durable().unwrap();
        assert_eq!(redis.ask(&["SET", "key", "value"]).unwrap(), "+OK");
        redis.kill().unwrap();
        assert!(redis.ask(&["PING"]).is_err());
        redis.restart().unwrap();
        assert_eq!(redis.ask(&["GET", "key"]).unwrap(), "$5\r\nvalue");
    }
}
