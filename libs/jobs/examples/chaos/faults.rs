//! What goes wrong, and when: drawn from the seed.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use testkit::Redis;
use tokio::{task::block_in_place, time::Instant};

use super::{
    outages::Outages,
    setting::{now, pause},
    team::Team,
};

/// How often each comes, in a hundred.
const FAULTS: [(Fault, u32); 7] = [
    (Fault::Kill, 30),
    (Fault::StopBeyondLease, 12),
    (Fault::Stop, 13),
    (Fault::Replace, 10),
    (Fault::Cut, 15),
    (Fault::Restart, 10),
    (Fault::Freeze, 10),
];
const LOOK: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Kill,
    StopBeyondLease,
    Stop,
    Replace,
    Cut,
    Restart,
    Freeze,
}

pub(super) struct Faults {
    random: fastrand::Rng,
    redis: Redis,
    pub(super) team: Team,
    pub(super) outages: Outages,
    counts: BTreeMap<Fault, u32>,
}

impl Faults {
    pub(super) fn new(seed: u64, redis: Redis, team: Team) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { random, redis, team, outages: Outages::default(), counts: BTreeMap::new() }
    }

    /// Strikes every few seconds for so long, and then lets all live.
    pub(super) async fn strike(mut self, time: Duration) -> Self {
        let end = Instant::now() + time;
        loop {
            let quiet = Duration::from_millis(self.random.u64(500..5_000));
            self.rest(quiet.min(end.saturating_duration_since(Instant::now()))).await;
            if Instant::now() >= end {
                break;
            }
            let fault = self.draw();
            *self.counts.entry(fault).or_default() += 1;
            self.cause(fault).await;
        }
        self.team.wake_all();
        self
    }

    fn draw(&mut self) -> Fault {
        let mut number = self.random.u32(..100);
        for (fault, share) in FAULTS {
            if number < share {
                return fault;
            }
            number -= share;
        }
        Fault::Kill
    }

    async fn cause(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.team.kill(&mut self.random),
            Fault::StopBeyondLease => {
                let time = Duration::from_millis(self.random.u64(31_000..45_000));
                self.team.stop(time, &mut self.random);
            }
            Fault::Stop => {
                let time = Duration::from_millis(self.random.u64(200..20_000));
                self.team.stop(time, &mut self.random);
            }
            Fault::Replace => self.team.replace(&mut self.random),
            Fault::Cut => {
                self.redis.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).unwrap();
            }
            Fault::Restart => {
                let from = now();
                self.redis.kill().unwrap();
                let down = Duration::from_millis(self.random.u64(50..5_000));
                self.rest(down).await;
                block_in_place(|| self.redis.restart()).unwrap();
                self.outages.add(from, now());
            }
            Fault::Freeze => {
                let from = now();
                self.redis.freeze().unwrap();
                let frozen = Duration::from_millis(self.random.u64(200..8_000));
                self.rest(frozen).await;
                self.redis.thaw().unwrap();
                self.outages.add(from, now());
            }
        }
    }

    /// Does nothing but wake those whose time has come.
    async fn rest(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.team.wake();
            pause(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
        }
    }

    pub(super) fn told(&self) -> String {
        let mut text = "faults:".to_owned();
        for (fault, count) in &self.counts {
            write!(text, " {fault:?} {count},").unwrap();
        }
        write!(text, " Redis away for {:.0} s in all", self.outages.total() as f64 / 1e3).unwrap();
        text
    }
}
