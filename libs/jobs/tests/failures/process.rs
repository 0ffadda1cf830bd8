//! A worker's process, as its starter sees it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::scene::PATIENCE;

/// It is killed when dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(url: &str, name: &str, lease: Duration) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["worker::process", "--exact", "--ignored", "--nocapture"])
            .env("ONDOL_TEST_WORKER_URL", url)
            .env("ONDOL_TEST_WORKER_NAME", name)
            .env("ONDOL_TEST_WORKER_LEASE", lease.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let said = output.lines().map_while(Result::ok);
            let said = said.filter_map(|line| Some(line.split_once("> ")?.1.to_owned()));
            said.map(|line| sender.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        let process = Self { child, lines };
        process.hear("ready");
        process
    }

    pub fn order(&mut self, order: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
    }

    /// Waits for a line that begins so, and returns all up to it.
    pub fn hear(&self, beginning: &str) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("the worker should have said `{beginning}`, and said {heard:?}");
            };
            heard.push(line);
            if heard.last().is_some_and(|line| line.starts_with(beginning)) {
                return heard;
            }
        }
    }

    /// Everything that it said until it ended.
    pub fn last_words(&mut self) -> Vec<String> {
        let words = self.lines.iter().collect();
        self.child.wait().unwrap();
        words
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
