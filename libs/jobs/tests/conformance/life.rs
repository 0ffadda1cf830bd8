//! From enqueueing to the end, by every way.

use std::time::Duration;

use fault::{Fault, Kind};
use jobs::{
    Beat, Cancellation, Finish, Idempotency, JobId, JobsError, Outcome, Payload, Priority, Pulse, Receipt,
    State,
};

use super::subject::{LEASE, Subject, done, failed, job, name};

pub async fn a_job_goes_through_the_line_once_and_keeps_what_it_was_given(subject: &Subject) {
    let mut new = job("kind", "tenant");
    new.payload = Payload::Reference("objects/key".to_owned());
    new.priority = Priority::High;
    new.headers.insert("traceparent".to_owned(), "00-ab-cd-01".to_owned());
    let id = subject.add(new.clone()).await;
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Ready);
    assert!(subject.claim("other", 5).await.is_empty());

    let claimed = subject.claim_one("kind").await;
    assert_eq!((claimed.ticket.id, claimed.ticket.attempt, claimed.recoveries), (id, 1, 0));
    assert_eq!((&claimed.payload, &claimed.headers), (&new.payload, &new.headers));
    assert_eq!((claimed.tenant, claimed.priority), (name("tenant"), Priority::High));
    assert!(subject.claim("kind", 5).await.is_empty());
    let running = subject.queue.get(id).await.unwrap();
    assert_eq!((running.state, running.worker.as_deref()), (State::Running, Some("worker")));

    assert_eq!(subject.finish(&claimed.ticket, done("s3 key")).await, Receipt::Accepted);
    let ended = subject.queue.get(id).await.unwrap();
    assert_eq!((ended.state, ended.result), (State::Done, Some(b"s3 key".to_vec())));
    assert!(ended.created <= ended.began.unwrap() && ended.began <= ended.ended);
    assert_eq!(ended.payload, None, "the payload of a done job takes no room");
}

pub async fn a_name_from_elsewhere_is_that_of_no_job(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await.to_string();
    let elsewhere: JobId = format!("{}ff", &id[..32]).parse().unwrap();
    let queue = &subject.queue;
    let errors = [
        queue.get(elsewhere).await.unwrap_err(),
        queue.cancel(elsewhere).await.unwrap_err(),
        queue.requeue(elsewhere).await.unwrap_err(),
        queue.delete(elsewhere).await.unwrap_err(),
        queue.events(elsewhere, 0, Duration::ZERO).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), Kind::NotFound, "{error}");
    }
}

pub async fn the_same_value_is_the_same_job(subject: &Subject) {
    let new = job("kind", "tenant");
    let answers = subject.queue.enqueue(vec![new.clone(), new.clone()]).await;
    let first = *answers[0].as_ref().unwrap();
    assert!(first.is_new);
    let again = subject.queue.enqueue(vec![new]).await.remove(0).unwrap();
    for second in [*answers[1].as_ref().unwrap(), again] {
        assert_eq!((second.id, second.is_new), (first.id, false));
    }
    assert_eq!(subject.claim("kind", 5).await.len(), 1);
}

pub async fn an_idempotency_key_is_one_request(subject: &Subject) {
    let keyed = |tenant: &str, fingerprint: &[u8]| {
        let mut new = job("kind", tenant);
        new.idempotency = Some(Idempotency { key: "key".to_owned(), fingerprint: fingerprint.to_vec() });
        new
    };
    let id = subject.add(keyed("tenant", b"request")).await;
    let repeated = subject.queue.enqueue(vec![keyed("tenant", b"request")]).await.remove(0).unwrap();
    assert_eq!((repeated.id, repeated.is_new), (id, false));
    let conflict = subject.try_add(keyed("tenant", b"other")).await.unwrap_err();
    assert!(matches!(&conflict, JobsError::KeyConflict { key } if key == "key"), "{conflict}");
    assert_eq!(conflict.kind(), Kind::AlreadyExists);
    assert_ne!(subject.add(keyed("neighbour", b"other")).await, id, "a key is its tenant's own");

    subject.queue.cancel(id).await.unwrap();
    assert_eq!(subject.add(keyed("tenant", b"request")).await, id, "an ended job is still the answer");
    subject.queue.delete(id).await.unwrap();
    assert_ne!(subject.add(keyed("tenant", b"other")).await, id, "a deleted job frees its key");
}

pub async fn bad_input_is_refused_by_name_beside_good_input(subject: &Subject) {
    let mut large = job("kind", "tenant");
    large.payload = Payload::Inline(vec![0; 64 * 1024 + 1]);
    let mut largest = job("kind", "tenant");
    largest.payload = Payload::Inline(vec![255; 64 * 1024]);
    let answers = subject.queue.enqueue(vec![large, largest.clone()]).await;
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::InvalidArgument, "payload"));
    assert!(answers[1].as_ref().unwrap().is_new);

    let claimed = subject.claim_one("kind").await;
    assert_eq!(claimed.payload, largest.payload);
    let finish = |result| Finish { ticket: claimed.ticket.clone(), outcome: Outcome::Done { result } };
    let answers = subject.queue.finish(vec![finish(vec![0; 4097]), finish(vec![0; 4096])]).await;
    assert_eq!(answers[0].as_ref().unwrap_err().violations()[0].field, "result");
    assert_eq!(*answers[1].as_ref().unwrap(), Receipt::Accepted);
}

pub async fn a_run_that_lost_its_job_is_refused_whatever_it_says(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let zombie = subject.lose_one("kind").await;
    let refused = async |when: &str| {
        let beat = Beat { ticket: zombie.ticket.clone(), progress: Some(b"stale".to_vec()) };
        assert_eq!(subject.queue.beat(vec![beat], LEASE).await.unwrap(), [Pulse::Lost], "{when}");
        for outcome in [done("stale"), failed(true), failed(false), Outcome::Cancelled] {
            assert_eq!(subject.finish(&zombie.ticket, outcome).await, Receipt::Rejected, "{when}");
        }
        let released = subject.queue.release(vec![zombie.ticket.clone()]).await.unwrap();
        assert_eq!(released, [Receipt::Rejected], "{when}");
    };
    refused("while the job waits").await;
    let owner = subject.claim_one("kind").await;
    assert!(owner.ticket.fence > zombie.ticket.fence);
    assert_eq!((owner.recoveries, owner.ticket.attempt), (1, 1));
    refused("while another has it").await;
    subject.finish(&owner.ticket, done("fresh")).await;
    refused("after another ended it").await;
    let ended = subject.queue.get(id).await.unwrap();
    assert_eq!(
        (ended.state, ended.result, ended.progress, ended.error),
        (State::Done, Some(b"fresh".to_vec()), None, None)
    );
    assert_eq!(subject.queue.stats().await.unwrap().total().zombies, 15);
}

pub async fn the_end_of_a_run_may_be_told_twice(subject: &Subject) {
    subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    subject.finish_well(&claimed.ticket).await;
    assert_eq!(subject.finish(&claimed.ticket, done("")).await, Receipt::Repeated);

    subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    let run = Finish { ticket: claimed.ticket, outcome: done("") };
    let told = subject.queue.finish(vec![run.clone(), run]).await;
    let receipts: Vec<_> = told.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts, [Receipt::Accepted, Receipt::Repeated], "also in one call");
    let total = subject.queue.stats().await.unwrap().total();
    assert_eq!((total.running, total.ready), (0, 0));

    let id = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    assert_eq!(subject.finish(&claimed.ticket, failed(true)).await, Receipt::Accepted);
    assert_eq!(subject.finish(&claimed.ticket, failed(true)).await, Receipt::Repeated);
    assert_eq!(subject.queue.get(id).await.unwrap().attempts, 1);
}

pub async fn a_released_job_is_first_in_line_and_has_lost_nothing(subject: &Subject) {
    let first = subject.add(job("kind", "tenant")).await;
    for _ in 0..3 {
        subject.add(job("kind", "tenant")).await;
    }
    let claimed = subject.claim_one("kind").await;
    assert_eq!(claimed.ticket.id, first);
    let receipts = subject.queue.release(vec![claimed.ticket.clone()]).await.unwrap();
    assert_eq!(receipts, [Receipt::Accepted]);
    assert_eq!(subject.finish(&claimed.ticket, done("")).await, Receipt::Rejected);
    let again = subject.claim_one("kind").await;
    assert_eq!((again.ticket.id, again.ticket.attempt, again.recoveries), (first, 1, 0));
    assert!(again.ticket.fence > claimed.ticket.fence);
}

pub async fn failures_are_tried_again_until_the_policy_ends(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    for attempt in 1..=3 {
        let claimed = subject.claim_when_due("kind").await;
        assert_eq!(claimed.ticket.attempt, attempt);
        assert_eq!(subject.finish(&claimed.ticket, failed(true)).await, Receipt::Accepted);
        let state = subject.queue.get(id).await.unwrap().state;
        assert_eq!(state, if attempt < 3 { State::Delayed } else { State::Dead });
    }
    let dead = subject.queue.get(id).await.unwrap();
    assert_eq!((dead.attempts, dead.recoveries, dead.error.as_deref()), (3, 0, Some("it broke")));
}

pub async fn a_permanent_failure_is_dead_at_once_and_can_be_requeued(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    subject.finish(&claimed.ticket, failed(false)).await;
    let dead = subject.queue.get(id).await.unwrap();
    assert_eq!((dead.state, dead.payload.is_some()), (State::Dead, true));

    subject.queue.requeue(id).await.unwrap();
    let error = subject.queue.requeue(id).await.unwrap_err();
    assert!(matches!(error, JobsError::WrongState { state: State::Ready, .. }), "{error}");
    let again = subject.claim_one("kind").await;
    assert_eq!((again.ticket.id, again.ticket.attempt), (id, 1));
    assert!(again.ticket.fence > claimed.ticket.fence, "an old run must not end a requeued job");
    assert_eq!(subject.finish(&claimed.ticket, done("")).await, Receipt::Rejected);
}

pub async fn a_poison_job_dies_after_three_workers(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    for recoveries in 1..=3 {
        subject.lose_one("kind").await;
        let job = subject.queue.get(id).await.unwrap();
        assert_eq!((job.recoveries, job.attempts), (recoveries, 0), "a lost worker is not a failure");
        assert_eq!(job.state, if recoveries < 3 { State::Ready } else { State::Dead });
    }
    let dead = subject.queue.get(id).await.unwrap();
    assert_eq!(dead.error.as_deref(), Some("the worker went away 3 times"));
}

pub async fn waiting_jobs_are_cancelled_at_once_in_every_state(subject: &Subject) {
    let capped = jobs::TenantLimits { weight: 1, running: Some(1) };
    subject.queue.set_tenant(&name("tenant"), Some(capped)).await.unwrap();
    let ready = subject.add(job("kind", "tenant")).await;
    let parked = subject.add(job("kind", "tenant")).await;
    let mut later = job("kind", "tenant");
    later.delay = Duration::from_hours(1);
    let delayed = subject.add(later).await;
    // The parked one first: a ready one that goes lets it in.
    for (id, state) in [(parked, State::Parked), (ready, State::Ready), (delayed, State::Delayed)] {
        assert_eq!(subject.queue.get(id).await.unwrap().state, state);
        assert_eq!(subject.queue.cancel(id).await.unwrap(), Cancellation::Cancelled);
        assert_eq!(subject.queue.cancel(id).await.unwrap(), Cancellation::Ended(State::Cancelled));
    }
    assert!(subject.claim("kind", 5).await.is_empty());
    let total = subject.queue.stats().await.unwrap().total();
    assert_eq!((total.ready, total.delayed), (0, 0));
}

pub async fn a_running_job_hears_of_its_cancellation_at_the_next_beat(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let claimed = subject.claim_one("kind").await;
    let beat = async || {
        let beat = Beat { ticket: claimed.ticket.clone(), progress: None };
        subject.queue.beat(vec![beat], LEASE).await.unwrap()
    };
    assert_eq!(beat().await, [Pulse::Alive]);
    assert_eq!(subject.queue.cancel(id).await.unwrap(), Cancellation::Requested);
    assert!(subject.queue.get(id).await.unwrap().cancel_requested);
    assert_eq!(beat().await, [Pulse::Cancel]);
    assert_eq!(subject.finish(&claimed.ticket, Outcome::Cancelled).await, Receipt::Accepted);
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Cancelled);
}

pub async fn a_cancelled_job_is_not_tried_again(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let failing = subject.claim_one("kind").await;
    subject.queue.cancel(id).await.unwrap();
    subject.finish(&failing.ticket, failed(true)).await;
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Cancelled);

    let id = subject.add(job("kind", "tenant")).await;
    let given_back = subject.claim_one("kind").await;
    subject.queue.cancel(id).await.unwrap();
    subject.queue.release(vec![given_back.ticket]).await.unwrap();
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Cancelled);

    let id = subject.add(job("kind", "tenant")).await;
    subject.claim_for(&["kind"], 1, Duration::from_millis(1)).await;
    subject.queue.cancel(id).await.unwrap();
    super::subject::eventually(async || subject.queue.reap(10).await.unwrap().cancelled == 1).await;
    assert_eq!(subject.queue.get(id).await.unwrap().state, State::Cancelled);
}

pub async fn only_ended_jobs_can_be_deleted(subject: &Subject) {
    let id = subject.add(job("kind", "tenant")).await;
    let error = subject.queue.delete(id).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    assert_eq!(error.to_string(), format!("the job {id} is ready, so it cannot be deleted"));
    subject.queue.cancel(id).await.unwrap();
    subject.queue.delete(id).await.unwrap();
    for error in [
        subject.queue.get(id).await.map(drop).unwrap_err(),
        subject.queue.delete(id).await.unwrap_err(),
        subject.queue.requeue(id).await.unwrap_err(),
        subject.queue.cancel(id).await.map(drop).unwrap_err(),
        subject.queue.events(id, 0, Duration::ZERO).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::NotFound, "{error}");
    }
}
