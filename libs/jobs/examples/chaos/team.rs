//! The workers' processes, and who was struck when.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::setting::{now, pause};

pub(super) struct Team {
    url: String,
    records: PathBuf,
    members: Vec<Member>,
    /// Those that were told to end.
    leaving: Vec<Member>,
    started: usize,
    pub(super) struck: Vec<Strike>,
}

/// A worker was killed, stopped or told to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike {
    pub(super) life: usize,
    pub(super) at: u64,
    pub(super) how: &'static str,
}

struct Member {
    child: Child,
    life: usize,
    /// When it goes on.
    stopped_until: Option<u64>,
}

impl Team {
    pub(super) fn start(url: &str, records: &Path, size: usize) -> Self {
        let mut team = Self {
            url: url.to_owned(),
            records: records.to_owned(),
            members: Vec::new(),
            leaving: Vec::new(),
            started: 0,
            struck: Vec::new(),
        };
        for _ in 0..size {
            let member = team.spawn();
            team.members.push(member);
        }
        team
    }

    fn spawn(&mut self) -> Member {
        let life = self.started;
        self.started += 1;
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["worker", "--url", &self.url, "--life", &life.to_string(), "--record"])
            .arg(record_of(&self.records, life))
            // It ends when this end of the pipe does.
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        Member { child, life, stopped_until: None }
    }

    pub(super) fn lives(&self) -> usize {
        self.started
    }

    /// Somebody who is not stopped.
    fn awake(&self, random: &mut fastrand::Rng) -> Option<usize> {
        let awake: Vec<_> =
            (0..self.members.len()).filter(|at| self.members[*at].stopped_until.is_none()).collect();
        random.choice(awake)
    }

    /// Kills one, and starts another in its place.
    pub(super) fn kill(&mut self, random: &mut fastrand::Rng) {
        let Some(at) = self.awake(random) else { return };
        let member = &mut self.members[at];
        member.child.kill().unwrap();
        member.child.wait().unwrap();
        self.struck.push(Strike { life: member.life, at: now(), how: "killed" });
        self.members[at] = self.spawn();
    }

    /// Stops one for some time. Two are always awake.
    pub(super) fn stop(&mut self, time: Duration, random: &mut fastrand::Rng) {
        let stopped = self.members.iter().filter(|member| member.stopped_until.is_some()).count();
        let Some(at) = self.awake(random).filter(|_| stopped + 2 < self.members.len()) else { return };
        let member = &mut self.members[at];
        signal(&member.child, Signal::STOP);
        member.stopped_until = Some(now() + time.as_millis() as u64);
        self.struck.push(Strike { life: member.life, at: now(), how: "stopped" });
    }

    /// Wakes whose time has come, and forgets who is gone.
    pub(super) fn wake(&mut self) {
        self.leaving.retain_mut(|member| member.child.try_wait().unwrap().is_none());
        for member in &mut self.members {
            if member.stopped_until.is_some_and(|until| until <= now()) {
                signal(&member.child, Signal::CONT);
                member.stopped_until = None;
            }
        }
    }

    /// Wakes everybody.
    pub(super) fn wake_all(&mut self) {
        self.members.iter_mut().for_each(|member| member.stopped_until = member.stopped_until.map(|_| 0));
        self.wake();
    }

    /// Tells one to end in good order, as a rolling update does, and starts another.
    pub(super) fn replace(&mut self, random: &mut fastrand::Rng) {
        let Some(at) = self.awake(random) else { return };
        let new = self.spawn();
        let old = std::mem::replace(&mut self.members[at], new);
        signal(&old.child, Signal::TERM);
        // If it cannot give back what it runs, that is as if it had been killed.
        self.struck.push(Strike { life: old.life, at: now(), how: "told to end" });
        self.leaving.push(old);
    }

    /// Wakes all and tells them to end.
    pub(super) async fn end(&mut self) {
        for member in &mut self.members {
            signal(&member.child, Signal::CONT);
            signal(&member.child, Signal::TERM);
        }
        for member in self.members.iter_mut().chain(&mut self.leaving) {
            while member.child.try_wait().unwrap().is_none() {
                pause(Duration::from_millis(20)).await;
            }
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // A worker that is stopped would never see its pipe end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(super) fn record_of(records: &Path, life: usize) -> PathBuf {
    records.join(format!("worker{life}"))
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}
