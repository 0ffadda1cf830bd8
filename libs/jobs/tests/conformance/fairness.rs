//! Who goes first.

use jobs::{Claimed, Priority, TenantLimits};

use super::subject::{Subject, job, name};

fn of(claimed: &[Claimed], tenant: &str) -> usize {
    claimed.iter().filter(|job| job.tenant == name(tenant)).count()
}

/// Fairness is among the tenants of a shard, so these are chosen to live together.
fn neighbours(subject: &Subject) -> [&'static str; 2] {
    if subject.is_sharded() { ["t0", "t3"] } else { ["large", "small"] }
}

async fn fill(subject: &Subject, tenant: &str, count: usize) {
    let jobs = (0..count).map(|_| job("kind", tenant)).collect();
    for answer in subject.queue.enqueue(jobs).await {
        answer.unwrap();
    }
}

pub async fn a_small_tenant_is_not_behind_a_large_one(subject: &Subject) {
    let [large, small] = neighbours(subject);
    fill(subject, large, 500).await;
    assert_eq!(subject.claim("kind", 50).await.len(), 50);
    fill(subject, small, 10).await;
    let next = subject.claim("kind", 21).await;
    assert_eq!(of(&next, small), 10, "the newcomer gets every other turn");
}

pub async fn a_heavier_tenant_gets_its_share(subject: &Subject) {
    let [heavy, light] = neighbours(subject);
    let limits = TenantLimits { weight: 3, running: None };
    subject.queue.set_tenant(&name(heavy), Some(limits)).await.unwrap();
    fill(subject, heavy, 100).await;
    fill(subject, light, 100).await;
    let first = subject.claim("kind", 40).await;
    let share = of(&first, heavy);
    assert!((29..=31).contains(&share), "{share} of 40");
}

pub async fn priorities_go_first_and_starve_nobody(subject: &Subject) {
    let with = |priority| {
        let mut new = job("kind", "tenant");
        new.priority = priority;
        new
    };
    let mut jobs: Vec<_> = (0..50).map(|_| with(Priority::Low)).collect();
    jobs.extend((0..50).map(|_| with(Priority::Normal)));
    jobs.extend((0..50).map(|_| with(Priority::High)));
    for answer in subject.queue.enqueue(jobs).await {
        answer.unwrap();
    }
    let count = |claimed: &[Claimed], priority| claimed.iter().filter(|job| job.priority == priority).count();
    let first = subject.claim("kind", 42).await;
    let shares = [Priority::High, Priority::Normal, Priority::Low].map(|priority| count(&first, priority));
    assert!(shares[0] >= 30 && shares[1] >= 7 && shares[2] >= 1, "{shares:?}");
    let urgent = subject.add(with(Priority::High)).await;
    subject.claim("kind", 30).await;
    assert_eq!(subject.queue.get(urgent).await.unwrap().state, jobs::State::Running);
}

pub async fn jobs_of_one_flow_are_in_order(subject: &Subject) {
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(subject.add(job("kind", "tenant")).await);
    }
    let mut claimed = Vec::new();
    while claimed.len() < 30 {
        claimed.extend(subject.claim("kind", 7).await.into_iter().map(|job| job.ticket.id));
    }
    assert_eq!(claimed, ids);
}
