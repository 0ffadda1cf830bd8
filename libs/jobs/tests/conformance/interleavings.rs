//! Whatever is done in whatever order, no job is lost, none is run by two, and the counts agree.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jobs::{Beat, Claimed, Finish, JobId, Limits, Priority, Pulse, Receipt, State, TenantLimits, Ticket};
use proptest::{prelude::*, test_runner::TestRunner};

use super::subject::{LEASE, Subject, done, failed, in_memory, in_redis, job, name};

/// One thing that somebody does. Numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enqueue {
        tenant: u8,
        kind: u8,
        priority: u8,
    },
    /// A lease of nothing is over at the next reaping.
    Claim {
        kind: u8,
        most: u8,
        holds: bool,
    },
    Beat(usize),
    FinishWell(usize),
    FinishBadly {
        run: usize,
        retry: bool,
    },
    Release(usize),
    Cancel(usize),
    Requeue(usize),
    Cap {
        tenant: u8,
        running: Option<u64>,
    },
    Reap,
    Promote,
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_u8, 0..2_u8, 0..3_u8)
            .prop_map(|(tenant, kind, priority)| Step::Enqueue { tenant, kind, priority }),
        5 => (0..2_u8, 1..4_u8, prop::bool::weighted(0.7))
            .prop_map(|(kind, most, holds)| Step::Claim { kind, most, holds }),
        2 => any::<usize>().prop_map(Step::Beat),
        3 => any::<usize>().prop_map(Step::FinishWell),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(run, retry)| Step::FinishBadly { run, retry }),
        1 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => any::<usize>().prop_map(Step::Requeue),
        1 => (0..3_u8, prop::option::of(0..3_u64)).prop_map(|(tenant, running)| Step::Cap { tenant, running }),
        3 => Just(Step::Reap),
        2 => Just(Step::Promote),
        1 => Just(Step::Sweep),
    ]
}

/// What an onlooker knows: every job, and every run there ever was.
#[derive(Default)]
struct Onlooker {
    jobs: Vec<JobId>,
    runs: Vec<Ticket>,
    /// The latest fence of each job.
    fences: BTreeMap<JobId, u64>,
    /// How often each job's good end was taken.
    ends: BTreeMap<JobId, u32>,
}

impl Onlooker {
    fn run(&self, number: usize) -> Option<Ticket> {
        self.runs.get(number.checked_rem(self.runs.len())?).cloned()
    }

    fn job(&self, number: usize) -> Option<JobId> {
        self.jobs.get(number.checked_rem(self.jobs.len())?).copied()
    }

    fn claimed(&mut self, claimed: Vec<Claimed>) {
        for job in claimed {
            let (id, fence) = (job.ticket.id, job.ticket.fence);
            let before = self.fences.insert(id, fence).unwrap_or_default();
            assert!(fence > before, "a fence is used once and grows: {before}, then {fence}");
            self.runs.push(job.ticket);
        }
    }

    /// An old run is never believed.
    fn check_voice(&self, ticket: &Ticket, accepted: bool) {
        assert!(!accepted || self.fences[&ticket.id] == ticket.fence, "an old run was believed");
    }

    async fn take(&mut self, subject: &Subject, step: Step) {
        let queue = &subject.queue;
        match step {
            Step::Enqueue { tenant, kind, priority } => {
                let mut new = job(&format!("k{kind}"), &format!("t{tenant}"));
                new.priority = [Priority::High, Priority::Normal, Priority::Low][usize::from(priority)];
                self.jobs.push(subject.add(new).await);
            }
            Step::Claim { kind, most, holds } => {
                let lease = if holds { LEASE } else { Duration::from_millis(1) };
                let kind = format!("k{kind}");
                self.claimed(subject.claim_for(&[&kind], most.into(), lease).await);
            }
            Step::Beat(run) => {
                let Some(ticket) = self.run(run) else { return };
                let beat = Beat { ticket: ticket.clone(), progress: Some(b"p".to_vec()) };
                let pulse = queue.beat(vec![beat], LEASE).await.unwrap()[0];
                self.check_voice(&ticket, pulse != Pulse::Lost);
            }
            Step::FinishWell(run) => {
                let Some(ticket) = self.run(run) else { return };
                let receipt = subject.finish(&ticket, done("")).await;
                self.check_voice(&ticket, receipt != Receipt::Rejected);
                *self.ends.entry(ticket.id).or_default() += u32::from(receipt == Receipt::Accepted);
            }
            Step::FinishBadly { run, retry } => {
                let Some(ticket) = self.run(run) else { return };
                let run = Finish { ticket: ticket.clone(), outcome: failed(retry) };
                let receipt = queue.finish(vec![run]).await.remove(0).unwrap();
                self.check_voice(&ticket, receipt != Receipt::Rejected);
            }
            Step::Release(run) => {
                let Some(ticket) = self.run(run) else { return };
                let receipt = queue.release(vec![ticket.clone()]).await.unwrap()[0];
                self.check_voice(&ticket, receipt != Receipt::Rejected);
            }
            step => self.tend(subject, step).await,
        }
    }

    async fn tend(&self, subject: &Subject, step: Step) {
        let queue = &subject.queue;
        match step {
            Step::Cancel(number) => {
                if let Some(id) = self.job(number) {
                    queue.cancel(id).await.unwrap();
                }
            }
            Step::Requeue(number) => {
                if let Some(id) = self.job(number) {
                    // Only a dead job can be; the others say so.
                    drop(queue.requeue(id).await);
                }
            }
            Step::Cap { tenant, running } => {
                let limits = running.map(|running| TenantLimits { weight: 1, running: Some(running) });
                queue.set_tenant(&name(&format!("t{tenant}")), limits).await.unwrap();
            }
            Step::Reap => drop(queue.reap(100).await.unwrap()),
            Step::Promote => drop(queue.promote(100).await.unwrap()),
            _ => assert_eq!(queue.sweep(100).await.unwrap().mended, 0, "nothing is ever out of place"),
        }
    }

    /// What has to be so after every step.
    async fn check(&self, subject: &Subject) {
        let mut found: BTreeMap<State, u64> = BTreeMap::new();
        for id in &self.jobs {
            let state = subject.queue.get(*id).await.expect("no job is lost").state;
            *found.entry(state).or_default() += 1;
        }
        let of = |state| found.get(&state).copied().unwrap_or_default();
        let total = subject.queue.stats().await.unwrap().total();
        let counted = (total.ready, total.running, total.delayed, total.dead);
        let seen =
            (of(State::Ready) + of(State::Parked), of(State::Running), of(State::Delayed), of(State::Dead));
        assert_eq!(counted, seen, "the counts agree with the jobs");
    }

    /// In the end everything that waits or runs comes to its end, each job once.
    async fn drain(&mut self, subject: &Subject) {
        for tenant in 0..3 {
            subject.queue.set_tenant(&name(&format!("t{tenant}")), None).await.unwrap();
        }
        super::subject::eventually(async || {
            subject.queue.reap(100).await.unwrap();
            subject.queue.promote(100).await.unwrap();
            let claimed = subject.claim_for(&["k0", "k1"], 100, LEASE).await;
            self.claimed(claimed);
            let mut open = 0;
            for id in self.jobs.clone() {
                open += u32::from(self.end(subject, id).await);
            }
            open == 0
        })
        .await;
        assert!(self.ends.values().all(|ends| *ends <= 1), "no job ends well twice");
    }

    /// Ends a running job by its owner; whether it is still open.
    async fn end(&mut self, subject: &Subject, id: JobId) -> bool {
        let state = subject.queue.get(id).await.unwrap().state;
        let owner = self.runs.iter().rev().find(|run| run.id == id).cloned();
        if let (State::Running, Some(owner)) = (state, owner) {
            let receipt = subject.finish(&owner, done("")).await;
            *self.ends.entry(id).or_default() += u32::from(receipt == Receipt::Accepted);
        }
        !state.is_end()
    }
}

async fn play(subject: Arc<Subject>, steps: Vec<Step>) {
    let limits = Limits { recoveries: 2, ..Limits::default() };
    subject.queue.set_limits(&limits).await.unwrap();
    let mut onlooker = Onlooker::default();
    for step in steps {
        onlooker.take(&subject, step).await;
        onlooker.check(&subject).await;
    }
    onlooker.drain(&subject).await;
}

fn explore(cases: u32, subject: impl Fn() -> Subject) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let played = TestRunner::new(config).run(&prop::collection::vec(step(), 1..60), |steps| {
        runtime.block_on(play(Arc::new(subject()), steps));
        Ok(())
    });
    played.unwrap();
}

#[test]
fn in_memory_no_order_of_calls_breaks_the_queue() {
    explore(256, in_memory);
}

#[test]
fn in_redis_no_order_of_calls_breaks_the_queue() {
    explore(24, || in_redis(1));
}
