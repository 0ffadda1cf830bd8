//! Moto, a stand-in for Amazon's services, in a process of its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
};

use clap::Parser;

/// Beside the server, something waits for the input to end, which it does when the test ends, whichever way: by a panic,
/// by `exit`, or killed. It says nothing, so that all that is said ends with the server.
const WATCHED: &str = r#"exec 3<&0
"$0" -H 127.0.0.1 -p 0 3<&- & server=$!
{ read -r _ <&3; kill "$server"; } > /dev/null 2>&1 &
wait "$server""#;
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
    pub fn start() -> Self {
        Self::start_program(&Needed::parse_from(["test"]).moto)
    }

    #[expect(clippy::panic, reason = "as in any test")]
    fn start_program(program: &str) -> Self {
        let started = Command::new("sh")
            .args(["-c", WATCHED, program])
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

#[cfg(test)]
mod tests {
    use std::{
        panic::catch_unwind,
        process::{Command, Stdio},
    };

    use super::{Moto, WATCHED};

    #[test]
    fn a_program_that_is_missing_is_named() {
        let panic = catch_unwind(|| Moto::start_program("no-such-moto")).unwrap_err();
        let text = panic.downcast::<String>().unwrap();
        assert!(text.contains("no-such-moto") && text.contains("ONDOL_TEST_MOTO"), "{text}");
    }

    #[test]
    fn the_server_ends_with_the_input() {
        // Nothing is written to it, so it ends at once, and `cat` without an end would not.
        let script = WATCHED.replace("-H 127.0.0.1 -p 0", "/dev/zero");
        let shell = Command::new("sh")
            .args(["-c", &script, "cat"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(!shell.unwrap().success());
    }
}
