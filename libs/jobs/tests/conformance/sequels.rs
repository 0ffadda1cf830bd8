//! What follows the end of a job.

use std::{collections::BTreeMap, time::Duration};

use jobs::{Filter, JobId, Limits, NewJob, Payload, Priority, Receipt, Sequel, State};

use super::subject::{LEASE, Subject, done, eventually, failed, job, name};

fn with_sequel(kind: &str) -> NewJob {
    let headers = BTreeMap::from([("principal".to_owned(), "tenant".to_owned())]);
    let sequel = Sequel { kind: name("webhook"), payload: b"\0url\xff".to_vec(), headers };
    NewJob { sequel: Some(sequel), ..job(kind, "tenant") }
}

/// Claims all that follows; each has to be what was asked for. Of which jobs, and how they ended.
async fn followed(subject: &Subject) -> Vec<(JobId, State)> {
    let mut origins = Vec::new();
    for claimed in subject.claim("webhook", 100).await {
        assert_eq!(claimed.payload, Payload::Inline(b"\0url\xff".to_vec()));
        assert_eq!(claimed.headers["principal"], "tenant");
        assert_eq!((claimed.tenant, claimed.priority), (name("tenant"), Priority::Normal));
        let seen = subject.queue.get(claimed.ticket.id).await.unwrap();
        assert_eq!(seen.state, State::Running);
        let origin = seen.origin.unwrap();
        let ended = subject.queue.get(origin.id).await.unwrap();
        if ended.state == origin.state {
            assert_eq!(ended.ended, Some(origin.ended));
        }
        origins.push((origin.id, origin.state));
        subject.finish_well(&claimed.ticket).await;
    }
    origins
}

pub async fn each_way_to_end_has_one_sequel(subject: &Subject) {
    let queue = &subject.queue;
    let add = async |kind: &str| subject.add(with_sequel(kind)).await;
    let mut expected = Vec::new();

    let well = add("well").await;
    assert!(followed(subject).await.is_empty(), "nothing follows what has not ended");
    subject.finish_well(&subject.claim_one("well").await.ticket).await;
    expected.push((well, State::Done));

    let ill = add("ill").await;
    subject.finish(&subject.claim_one("ill").await.ticket, failed(false)).await;
    expected.push((ill, State::Dead));

    let poison = add("poison").await;
    for _ in 0..3 {
        subject.lose_one("poison").await;
    }
    expected.push((poison, State::Dead));

    let stopped = add("stopped").await;
    let run = subject.claim_one("stopped").await;
    queue.cancel(stopped).await.unwrap();
    subject.finish(&run.ticket, jobs::Outcome::Cancelled).await;
    expected.push((stopped, State::Cancelled));

    let waiting = add("waiting").await;
    queue.cancel(waiting).await.unwrap();
    queue.cancel(waiting).await.unwrap();
    expected.push((waiting, State::Cancelled));

    let delayed = NewJob { delay: Duration::from_hours(1), ..with_sequel("delayed") };
    let delayed = subject.add(delayed).await;
    queue.cancel(delayed).await.unwrap();
    expected.push((delayed, State::Cancelled));

    let lost = add("lost").await;
    subject.claim_for(&["lost"], 1, Duration::from_millis(1)).await;
    queue.cancel(lost).await.unwrap();
    eventually(async || queue.reap(100).await.unwrap().total() == 1).await;
    expected.push((lost, State::Cancelled));

    let released = add("released").await;
    let run = subject.claim_one("released").await;
    queue.cancel(released).await.unwrap();
    queue.release(vec![run.ticket]).await.unwrap();
    expected.push((released, State::Cancelled));

    let short = Duration::from_millis(1);
    let swept = subject.add(NewJob { expires_after: Some(short), ..with_sequel("swept") }).await;
    eventually(async || queue.sweep(10).await.unwrap().expired == 1).await;
    expected.push((swept, State::Expired));

    let passed_by = subject.add(NewJob { expires_after: Some(short), ..with_sequel("passed_by") }).await;
    let due = queue.get(passed_by).await.unwrap().created + short;
    eventually(async || {
        let probe = subject.add(job("probe", "tenant")).await;
        queue.get(probe).await.unwrap().created > due
    })
    .await;
    assert!(subject.claim("passed_by", 1).await.is_empty());
    expected.push((passed_by, State::Expired));

    let mut found = followed(subject).await;
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(followed(subject).await.is_empty(), "each end has one sequel");
}

pub async fn the_end_of_a_run_that_is_told_twice_has_one_sequel(subject: &Subject) {
    let id = subject.add(with_sequel("kind")).await;
    let run = subject.claim_one("kind").await;
    assert_eq!(subject.finish(&run.ticket, done("")).await, Receipt::Accepted);
    assert_eq!(subject.finish(&run.ticket, done("")).await, Receipt::Repeated);
    assert_eq!(followed(subject).await, [(id, State::Done)]);
    subject.queue.delete(id).await.unwrap();
    assert!(subject.claim("webhook", 1).await.is_empty());
}

pub async fn a_retry_is_no_end_and_a_requeued_job_has_another_one(subject: &Subject) {
    let id = subject.add(with_sequel("kind")).await;
    subject.finish(&subject.claim_one("kind").await.ticket, failed(true)).await;
    assert!(followed(subject).await.is_empty());
    subject.finish(&subject.claim_when_due("kind").await.ticket, failed(false)).await;
    assert_eq!(followed(subject).await, [(id, State::Dead)]);

    subject.queue.requeue(id).await.unwrap();
    assert!(followed(subject).await.is_empty());
    subject.queue.cancel(id).await.unwrap();
    assert_eq!(followed(subject).await, [(id, State::Cancelled)]);
}

pub async fn a_job_without_a_sequel_has_none(subject: &Subject) {
    subject.add(job("kind", "tenant")).await;
    subject.finish_well(&subject.claim_one("kind").await.ticket).await;
    subject.add(with_sequel("kind")).await;
    subject.finish_well(&subject.claim_one("kind").await.ticket).await;
    let claimed = subject.claim("webhook", 10).await;
    assert_eq!(claimed.len(), 1);
    subject.finish_well(&claimed[0].ticket).await;
    assert!(subject.claim_for(&["kind", "webhook"], 10, LEASE).await.is_empty(), "a sequel has none itself");
}

pub async fn no_depth_refuses_a_sequel(subject: &Subject) {
    // A depth is shared by the shards, and each has one place at least.
    let limits = Limits { depth: 1, tenant_depth: Some(1), ..Limits::default() };
    subject.queue.set_limits(&limits).await.unwrap();
    let first = subject.add(with_sequel("kind")).await;
    let run = subject.claim_one("kind").await;
    subject.finish_well(&run.ticket).await;
    let refused = subject.try_add(job("kind", "tenant")).await;
    assert!(refused.is_err(), "the sequel takes the one place");
    assert_eq!(followed(subject).await, [(first, State::Done)]);
    subject.add(job("kind", "tenant")).await;
}

pub async fn a_list_can_leave_sequels_out(subject: &Subject) {
    let id = subject.add(with_sequel("kind")).await;
    subject.queue.cancel(id).await.unwrap();
    let list = async |originals| {
        let filter = Filter { tenant: Some(name("tenant")), originals, ..Filter::default() };
        subject.queue.list(&filter, 10, None).await.unwrap().jobs
    };
    let seen = list(true).await;
    assert_eq!(seen.iter().map(|job| job.id).collect::<Vec<_>>(), [id]);
    assert_eq!(seen[0].sequel.as_ref().unwrap().payload, b"\0url\xff");
    assert_eq!(list(false).await.len(), 2);
    assert!(list(false).await.iter().any(|job| job.origin.is_some() && job.kind == name("webhook")));
}
