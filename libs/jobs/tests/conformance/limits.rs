//! Depth, caps and pauses.

use std::{collections::BTreeMap, time::Duration};

use fault::{Fault, Kind};
use jobs::{Limits, Receipt, Scope, State, TenantLimits};

use super::subject::{Subject, eventually, failed, job, name};

pub async fn a_full_queue_says_so_and_takes_again_when_there_is_room(subject: &Subject) {
    // Each shard has its part of the depth, and these jobs are of one tenant: three fit with one shard or three.
    let shards = if subject.is_sharded() { 3 } else { 1 };
    subject.queue.set_limits(&Limits { depth: 3 * shards, ..Limits::default() }).await.unwrap();
    let mut delayed = job("kind", "tenant");
    delayed.delay = Duration::from_hours(1);
    subject.add(delayed).await;
    for _ in 0..2 {
        subject.add(job("kind", "tenant")).await;
    }
    let full = subject.try_add(job("other", "tenant")).await.unwrap_err();
    assert_eq!(full.kind(), Kind::ResourceExhausted);
    assert!(full.retry_after().is_some());
    assert_eq!(subject.claim("kind", 1).await.len(), 1);
    subject.add(job("kind", "tenant")).await;
    assert!(subject.try_add(job("kind", "tenant")).await.is_err());
}

pub async fn a_full_tenant_leaves_room_for_others(subject: &Subject) {
    let limits = Limits { tenant_depth: Some(2), tenant_running: Some(1), ..Limits::default() };
    subject.queue.set_limits(&limits).await.unwrap();
    for _ in 0..2 {
        subject.add(job("kind", "greedy")).await;
    }
    let full = subject.try_add(job("kind", "greedy")).await.unwrap_err();
    assert_eq!(full.kind(), Kind::ResourceExhausted);
    assert!(full.to_string().starts_with("the tenant "), "{full}");
    subject.add(job("kind", "modest")).await;
}

pub async fn delayed_jobs_count_for_their_tenants_depth(subject: &Subject) {
    subject.queue.set_limits(&Limits { tenant_depth: Some(3), ..Limits::default() }).await.unwrap();
    let later = || jobs::NewJob { delay: Duration::from_hours(1), ..job("kind", "patient") };
    let (first, second) = (subject.add(later()).await, subject.add(job("kind", "patient")).await);
    // In one call too, where the third is the last that fits.
    let answers = subject.queue.enqueue(vec![later(), later()]).await;
    assert!(answers[0].is_ok());
    assert!(answers[1].as_ref().unwrap_err().to_string().starts_with("the tenant "));
    let is_full = async || subject.try_add(later()).await.is_err();
    assert!(is_full().await);
    subject.add(job("other", "other")).await;

    // Out of the delay by a cancellation, and into it by a retry.
    subject.queue.cancel(first).await.unwrap();
    subject.add(later()).await;
    let run = subject.claim("kind", 1).await.remove(0).ticket;
    assert_eq!(run.id, second);
    assert_eq!(subject.finish(&run, failed(true)).await, Receipt::Accepted);
    assert!(is_full().await);
    let run = subject.claim_when_due("kind").await.ticket;
    assert!(is_full().await, "what was promoted is still there");
    subject.finish_well(&run).await;
    subject.add(later()).await;
    assert!(is_full().await);

    // And by the end of its life.
    let brief =
        || jobs::NewJob { expires_after: Some(Duration::from_millis(1)), tenant: name("brief"), ..later() };
    for _ in 0..2 {
        for _ in 0..3 {
            subject.add(brief()).await;
        }
        let mut expired = 0;
        eventually(async || {
            expired += subject.queue.sweep(10).await.unwrap().expired;
            expired == 3
        })
        .await;
    }
}

pub async fn a_tenant_at_its_cap_is_parked_and_goes_on_when_a_run_ends(subject: &Subject) {
    let cap = TenantLimits { weight: 1, running: Some(2) };
    subject.queue.set_tenant(&name("capped"), Some(cap)).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(subject.add(job("kind", "capped")).await);
    }
    let free = subject.add(job("kind", "free")).await;
    let mut running = subject.claim("kind", 10).await;
    assert_eq!(running.len(), 3, "two of the capped tenant and one of the free");
    assert_eq!(subject.queue.get(ids[2]).await.unwrap().state, State::Parked);
    let other = running.iter().position(|claimed| claimed.ticket.id == free).unwrap();
    subject.finish_well(&running.remove(other).ticket).await;
    assert!(subject.claim("kind", 10).await.is_empty());
    let mut order: Vec<_> = running.iter().map(|claimed| claimed.ticket.id).collect();
    while let Some(ended) = running.pop() {
        subject.finish_well(&ended.ticket).await;
        let next = subject.claim("kind", 10).await;
        assert!(next.len() <= 1);
        order.extend(next.iter().map(|claimed| claimed.ticket.id));
        running.splice(0..0, next);
    }
    assert_eq!(order, ids);
}

pub async fn a_cap_can_be_lowered_and_raised_while_jobs_wait(subject: &Subject) {
    for _ in 0..10 {
        subject.add(job("kind", "tenant")).await;
    }
    let cap = async |running: Option<u64>| {
        let limits = running.map(|running| TenantLimits { weight: 1, running: Some(running) });
        subject.queue.set_tenant(&name("tenant"), limits).await.unwrap();
        subject.queue.promote(100).await.unwrap();
    };
    cap(Some(3)).await;
    let running = subject.claim("kind", 10).await;
    assert_eq!(running.len(), 3);
    cap(Some(1)).await;
    for ended in &running[..2] {
        subject.finish_well(&ended.ticket).await;
        assert!(subject.claim("kind", 10).await.is_empty(), "one still runs");
    }
    subject.finish_well(&running[2].ticket).await;
    assert_eq!(subject.claim("kind", 10).await.len(), 1);
    cap(Some(4)).await;
    assert_eq!(subject.claim("kind", 10).await.len(), 3);
    cap(None).await;
    assert_eq!(subject.claim("kind", 10).await.len(), 3);
    let total = subject.queue.stats().await.unwrap().total();
    assert_eq!((total.ready, total.running), (0, 7));
}

pub async fn kinds_and_the_queue_have_caps(subject: &Subject) {
    let shards = if subject.is_sharded() { 3 } else { 1 };
    for kind in ["slow", "quick"] {
        for _ in 0..5 {
            subject.add(job(kind, "tenant")).await;
        }
    }
    let kind_running = BTreeMap::from([(name("slow"), 2 * shards)]);
    let limits = Limits { running: Some(4 * shards), kind_running, ..Limits::default() };
    subject.queue.set_limits(&limits).await.unwrap();
    let slow = subject.claim("slow", 10).await;
    assert_eq!(slow.len(), 2);
    let kinds = ["slow", "quick"];
    let quick = subject.claim_for(&kinds, 10, super::subject::LEASE).await;
    assert_eq!(quick.len(), 2, "four run in all");
    subject.finish_well(&slow[0].ticket).await;
    let next = subject.claim_for(&kinds, 10, super::subject::LEASE).await;
    assert_eq!(next.iter().map(|claimed| claimed.ticket.kind.as_str()).collect::<Vec<_>>(), ["slow"]);
    subject.queue.set_limits(&Limits::default()).await.unwrap();
    assert_eq!(subject.claim_for(&kinds, 10, super::subject::LEASE).await.len(), 5, "the caps are gone");
}

pub async fn a_claim_takes_no_more_than_there_is_room_for(subject: &Subject) {
    for tenant in 0..10 {
        subject.add(job("a", &format!("tenant{tenant}"))).await;
        subject.add(job("b", &format!("tenant{tenant}"))).await;
    }
    let request = |most| jobs::ClaimRequest {
        worker: name("worker"),
        kinds: vec![(name("a"), 2), (name("b"), 5)],
        most,
        lease: super::subject::LEASE,
    };
    let count = async |most| {
        let claimed = subject.queue.claim(request(most)).await.unwrap();
        let of = |kind| claimed.iter().filter(|job| job.ticket.kind == name(kind)).count();
        (of("a"), of("b"))
    };
    assert_eq!(count(3).await, (2, 1));
    assert_eq!(count(100).await, (2, 5));
    assert_eq!(count(0).await, (0, 0));
    let error = subject.queue.claim(request(1_001)).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "most");
}

pub async fn a_pause_stops_claims_and_nothing_else(subject: &Subject) {
    subject.add(job("a", "tenant")).await;
    let running = subject.claim_one("a").await;
    for scope in [Scope::Queue, Scope::Kind(name("a"))] {
        subject.queue.set_paused(scope.clone(), true).await.unwrap();
        subject.add(job("a", "tenant")).await;
        subject.add(job("b", "tenant")).await;
        assert!(subject.claim("a", 5).await.is_empty(), "{scope:?}");
        assert_eq!(subject.claim("b", 5).await.len(), if scope == Scope::Queue { 0 } else { 2 });
        let stats = subject.queue.stats().await.unwrap();
        assert_eq!(
            (stats.paused, stats.kinds[&name("a")].paused),
            (scope == Scope::Queue, scope != Scope::Queue)
        );
        subject.queue.set_paused(scope, false).await.unwrap();
    }
    subject.finish_well(&running.ticket).await;
    assert_eq!(subject.claim("a", 5).await.len(), 2);
}

pub async fn bad_limits_are_refused(subject: &Subject) {
    let wrong = subject.queue.set_limits(&Limits { recoveries: 0, ..Limits::default() }).await;
    assert_eq!(wrong.unwrap_err().kind(), Kind::FailedPrecondition);
    let weightless = Some(TenantLimits { weight: 0, running: None });
    let wrong = subject.queue.set_tenant(&name("tenant"), weightless).await;
    assert_eq!(wrong.unwrap_err().violations()[0].field, "weight");
}
