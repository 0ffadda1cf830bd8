//! What the clock does.

use std::time::{Duration, Instant};

use fault::Fault;
use jobs::{Beat, Limits, Missed, Payload, Priority, Pulse, Schedule, State};

use super::subject::{PATIENCE, Subject, eventually, job, name};

/// Long enough that a few calls fit into it on a machine that is busy.
const MOMENT: Duration = Duration::from_millis(200);
/// The queue's clock counts whole milliseconds, the test's does not.
const TICK: Duration = Duration::from_millis(2);

pub async fn a_delayed_job_waits_for_its_time(subject: &Subject) {
    let mut new = job("kind", "tenant");
    new.delay = MOMENT;
    let begin = Instant::now();
    let id = subject.add(new).await;
    assert_eq!(subject.queue.promote(10).await.unwrap(), 0);
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Delayed);
    assert!(subject.claim("kind", 1).await.is_empty());
    // Two promoters at once, and one job.
    let promoted = std::cell::Cell::new(0);
    eventually(async || {
        let both = futures::future::join(subject.queue.promote(10), subject.queue.promote(10)).await;
        promoted.set(promoted.get() + both.0.unwrap() + both.1.unwrap());
        promoted.get() > 0
    })
    .await;
    assert!(begin.elapsed() + TICK >= MOMENT);
    assert_eq!(promoted.get(), 1);
    assert_eq!(subject.claim("kind", 5).await.len(), 1);
}

pub async fn a_waiting_job_expires_and_a_running_one_does_not(subject: &Subject) {
    let mortal = || {
        let mut new = job("kind", "tenant");
        new.expires_after = Some(MOMENT);
        new
    };
    let running = subject.add(mortal()).await;
    let claimed = subject.claim_one("kind").await;
    let swept_away = subject.add(mortal()).await;
    let mut later = mortal();
    later.delay = Duration::from_hours(1);
    let delayed = subject.add(later).await;
    let mut expired = 0;
    eventually(async || {
        expired += subject.queue.sweep(10).await.unwrap().expired;
        expired == 2
    })
    .await;
    for id in [swept_away, delayed] {
        assert_eq!(subject.queue.get(id).await.unwrap().state, State::Expired);
    }
    assert_eq!(subject.queue.get(running).await.unwrap().state, State::Running);
    // What has begun may be given back and begin again.
    subject.queue.release(vec![claimed.ticket]).await.unwrap();
    assert_eq!(subject.claim_one("kind").await.ticket.id, running);

    // A claim does not wait for the sweep.
    let id = subject.add(mortal()).await;
    let unspoilt = subject.add(job("kind", "tenant")).await;
    let wait = tokio::time::timeout(MOMENT * 2, std::future::pending::<()>());
    assert!(wait.await.is_err());
    assert_eq!(subject.claim_one("kind").await.ticket.id, unspoilt);
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Expired);
    let total = subject.queue.stats().await.unwrap().total();
    assert_eq!((total.ready, total.delayed, total.running), (0, 0, 2));
}

pub async fn ended_jobs_are_removed_after_their_time(subject: &Subject) {
    let done = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    subject.finish_well(&claimed.ticket).await;
    let dead = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    subject.finish(&claimed.ticket, super::subject::failed(false)).await;
    assert_eq!(subject.queue.sweep(10).await.unwrap().removed, 0);
    let keep = async |done_kept, dead_kept| {
        let limits = Limits { done_kept, dead_kept, ..Limits::default() };
        subject.queue.set_limits(&limits).await.unwrap();
        eventually(async || subject.queue.sweep(10).await.unwrap().removed == 1).await;
    };
    keep(Duration::from_millis(1), Duration::from_hours(1)).await;
    assert!(subject.queue.get(done).await.is_err());
    assert_eq!(subject.queue.get(dead).await.unwrap().state, State::Dead);
    keep(Duration::from_hours(1), Duration::from_millis(1)).await;
    assert!(subject.queue.get(dead).await.is_err());
    assert_eq!(subject.queue.stats().await.unwrap().total().dead, 0);
}

pub async fn a_lease_lasts_as_long_as_it_is_beaten(subject: &Subject) {
    subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_for(&["kind"], 1, MOMENT * 5).await.remove(0);
    let begin = Instant::now();
    while begin.elapsed() < MOMENT * 10 {
        let beat = Beat { ticket: claimed.ticket.clone(), progress: None };
        assert_eq!(subject.queue.beat(vec![beat], MOMENT * 5).await.unwrap(), [Pulse::Alive]);
        assert_eq!(subject.queue.reap(10).await.unwrap().total(), 0);
    }
    let last = Instant::now();
    eventually(async || subject.queue.reap(10).await.unwrap().recovered == 1).await;
    assert!(last.elapsed() >= MOMENT * 4, "{:?}", last.elapsed());
}

pub async fn a_wait_ends_when_work_comes(subject: &Subject) {
    let kinds = [name("kind"), name("other")];
    let begin = Instant::now();
    subject.queue.wait(&kinds, MOMENT).await;
    assert!(begin.elapsed() + TICK >= MOMENT);
    // One job wakes one who waits for another kind as well; and one who comes late.
    let wait = subject.queue.wait(&kinds, PATIENCE);
    let ((), id) = tokio::join!(wait, subject.add(job("other", "tenant")));
    assert!(begin.elapsed() < PATIENCE / 2);
    assert_eq!(subject.claim_one("other").await.ticket.id, id);
    subject.add(job("kind", "tenant")).await;
    subject.queue.wait(&kinds, PATIENCE).await;
    assert!(begin.elapsed() < PATIENCE / 2);
    // A claim that leaves work behind wakes the next.
    for _ in 0..3 {
        subject.add(job("kind", "tenant")).await;
    }
    for _ in 0..3 {
        subject.queue.wait(&kinds, PATIENCE).await;
        assert_eq!(subject.claim("kind", 1).await.len(), 1);
    }
    assert!(begin.elapsed() < PATIENCE / 2);
}

fn schedule(cron: &str) -> Schedule {
    Schedule {
        name: name("nightly"),
        cron: cron.to_owned(),
        zone: "Asia/Seoul".to_owned(),
        missed: Missed::Every,
        kind: name("kind"),
        tenant: name("tenant"),
        priority: Priority::Low,
        payload: Payload::Inline(b"template".to_vec()),
    }
}

pub async fn a_schedule_starts_one_job_each_tick_however_many_look(subject: &Subject) {
    subject.queue.put_schedule(&schedule("* * * * * *")).await.unwrap();
    let mut started = Vec::new();
    eventually(async || {
        let looks = (0..8).map(|_| subject.queue.tick());
        for found in futures::future::join_all(looks).await {
            started.extend(found.unwrap());
        }
        started.len() >= 2
    })
    .await;
    let claimed = subject.claim("kind", 10).await;
    assert_eq!(claimed.len(), started.len());
    let mut ticks: Vec<_> = claimed.iter().map(|job| job.headers[Schedule::HEADER].clone()).collect();
    ticks.dedup();
    assert_eq!(ticks.len(), started.len(), "each job stands for a second of its own");
    assert_eq!(
        (claimed[0].priority, &claimed[0].payload),
        (Priority::Low, &Payload::Inline(b"template".to_vec()))
    );
}

pub async fn a_schedule_can_be_changed_and_removed(subject: &Subject) {
    subject.queue.put_schedule(&schedule("* * * * * *")).await.unwrap();
    subject.queue.put_schedule(&schedule("0 0 1 1 *")).await.unwrap();
    let listed = subject.queue.schedules().await.unwrap();
    assert_eq!(listed.iter().map(|schedule| schedule.cron.as_str()).collect::<Vec<_>>(), ["0 0 1 1 *"]);
    let wrong = subject.queue.put_schedule(&schedule("sometimes")).await.unwrap_err();
    assert_eq!(wrong.violations()[0].field, "cron");
    subject.queue.delete_schedule(&name("nightly")).await.unwrap();
    let again = subject.queue.delete_schedule(&name("nightly")).await.unwrap_err();
    assert_eq!(again.to_string(), "there is no schedule `nightly`");
    assert!(subject.queue.tick().await.unwrap().is_empty());
}
