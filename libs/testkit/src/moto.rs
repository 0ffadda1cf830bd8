//! Moto, a stand-in for Amazon's services, in a process of its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
};

use clap::Parser;

/// The server is a child of a shell that waits for its input to end, which it does when the test ends, whichever way:
/// by a panic, by `exit`, or killed.
const WATCHED: &str = r#""$0" -H 127.0.0.1 -p 0 & server=$!; read -r _; kill "$server""#;
/// What the server says once it listens, on a port that nobody had.
const LISTENS: &str = "Running on http://";

#[derive(Parser)]
struct Needed {
    /// The program that is started.
    #[arg(long, env = "ONDOL_TEST_MOTO", default_value = "moto_server")]
    moto: String,
}

/// A moto server, from the Python package `moto[server]`, that ends with the test. It takes any
/// credentials.
#[derive(Debug)]
pub struct Moto {
    endpoint: String,
    shell: Child,
    input: Option<ChildStdin>,
}

impl Moto {
    /// Starts the program that `ONDOL_TEST_MOTO` names, or else `moto_server`, and waits until it listens. Takes about
    /// a second, so share one between tests.
    ///
    /// # Panics
    /// If it cannot be started: a test that needs it must not pass without it.
    #[expect(clippy::panic, reason = "as in any test")]
    pub fn start() -> Self {
        let program = Needed::parse_from(["test"]).moto;
        let started = Command::new("sh")
            .args(["-c", WATCHED, &program])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let shell = started.unwrap_or_else(|error| panic!("cannot start a shell: {error}"));
        let mut moto = Self { endpoint: String::new(), shell, input: None };
        moto.input = moto.shell.stdin.take();
        let said = moto.shell.stderr.take().map(BufReader::new);
        let mut lines = said.into_iter().flat_map(BufRead::lines).map_while(Result::ok);
        let mut said = Vec::new();
        for line in lines.by_ref() {
            if let Some((_, address)) = line.split_once(LISTENS) {
                moto.endpoint = format!("http://{}", address.trim());
                // Read on, or the server would block once the pipe is full of its access log.
                thread::spawn(move || lines.for_each(drop));
                return moto;
            }
            said.push(line);
        }
        panic!(
            "`{program}` did not start; set ONDOL_TEST_MOTO to moto_server of the Python package `moto[server]`: {}",
            said.join(" | ")
        );
    }

    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.shell.wait());
    }
}
