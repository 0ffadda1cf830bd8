//! Jobs as they are followed.

use jobs::{Limits, Outcome, Queue};
use proto::jobs::v1::{self as wire, watch_job_response::Event};
use tonic::{Code, Streaming};

use crate::{
    house::{House, by},
    stand::{SECRET, refusal},
};

async fn watch(house: &House, job: &wire::Job, after: u64) -> Streaming<wire::WatchJobResponse> {
    let request = wire::WatchJobRequest { name: job.name.clone(), after };
    house.jobs().watch_job(by(SECRET, request)).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<wire::WatchJobResponse>) -> (u64, Event) {
    let told = stream.message().await.unwrap().expect("ended");
    (told.sequence, told.event.unwrap())
}

async fn state(stream: &mut Streaming<wire::WatchJobResponse>) -> (u64, wire::Job) {
    match next(stream).await {
        (sequence, Event::Job(job)) => (sequence, job),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_watch_tells_states_and_progress_until_the_end() {
    let house = House::new().await;
    let job = house.job().await;
    let mut stream = watch(&house, &job, 0).await;
    let (first, ready) = state(&mut stream).await;
    assert_eq!((first, ready.state()), (1, wire::State::Ready));
    let claimed = house.worker.claim().await;
    assert_eq!(state(&mut stream).await.1.state(), wire::State::Running);
    house.worker.report(&claimed, 3).await;
    let (_, Event::Progress(progress)) = next(&mut stream).await else { panic!("no progress") };
    assert_eq!((progress.done, progress.text.as_str()), (3, "Hel"));
    house.worker.end(claimed, Outcome::Failed { error: "no".into(), retry: false }).await;
    let (_, dead) = state(&mut stream).await;
    assert_eq!((dead.state(), dead.failure.as_str()), (wire::State::Dead, "no"));
    assert_eq!(stream.message().await.unwrap(), None);
    // Who comes late is not told at the beginning how it ended.
    let late = state(&mut watch(&house, &job, 0).await).await.1;
    assert_eq!((late.state(), late.failure.as_str()), (wire::State::Ready, ""));
    let mut beyond = watch(&house, &job, u64::MAX).await;
    assert_eq!(beyond.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_watch_of_a_job_that_is_done_tells_all_of_it_and_what_it_made() {
    let house = House::new().await;
    let job = house.done(false).await;
    let mut stream = watch(&house, &job, 0).await;
    let mut told = Vec::new();
    while let Some(response) = stream.message().await.unwrap() {
        if let Some(Event::Job(job)) = response.event {
            told.push(job);
        }
    }
    let (last, before) = told.split_last().unwrap();
    assert_eq!((last.state(), last.artifacts.len()), (wire::State::Succeeded, 1));
    assert!(before.iter().all(|job| job.artifacts.is_empty() && job.end_time.is_none()), "{before:?}");
}

#[tokio::test]
async fn a_watch_goes_on_where_it_broke_off() {
    let house = House::new().await;
    let job = house.job().await;
    let mut stream = watch(&house, &job, 0).await;
    let (first, _) = state(&mut stream).await;
    drop(stream);
    let claimed = house.worker.claim().await;
    house.worker.report(&claimed, 1).await;
    let mut stream = watch(&house, &job, first).await;
    let (second, running) = state(&mut stream).await;
    assert_eq!((second, running.state()), (2, wire::State::Running));
    assert!(matches!(next(&mut stream).await, (3, Event::Progress(_))));
}

#[tokio::test]
async fn events_that_were_dropped_are_counted() {
    let house = House::new().await;
    house.queue.set_limits(&Limits { events_kept: 2, ..Limits::default() }).await.unwrap();
    let job = house.job().await;
    let mut stream = watch(&house, &job, 0).await;
    state(&mut stream).await;
    drop(stream);
    let claimed = house.worker.claim().await;
    for done in 1..=5 {
        house.worker.report(&claimed, done).await;
    }
    let mut stream = watch(&house, &job, 1).await;
    let (before, Event::Missed(missed)) = next(&mut stream).await else { panic!("nothing was missed") };
    // What was dropped said that it runs, so that is told again.
    let (at, job) = state(&mut stream).await;
    assert_eq!((at, job.state()), (before, wire::State::Running));
    let (after, Event::Progress(_)) = next(&mut stream).await else { panic!("no progress") };
    assert_eq!((before, after), (1 + missed, before + 1));
}

#[tokio::test]
async fn a_cancellation_is_told_and_a_forgotten_job_ends_its_watch() {
    let house = House::new().await;
    let job = house.job().await;
    let claimed = house.worker.claim().await;
    let mut stream = watch(&house, &job, 0).await;
    while state(&mut stream).await.1.state() != wire::State::Running {}
    house.jobs().cancel_job(by(SECRET, wire::CancelJobRequest { name: job.name.clone() })).await.unwrap();
    let (_, asked) = state(&mut stream).await;
    assert!(asked.cancel_requested && asked.state() == wire::State::Running);
    house.worker.end(claimed, Outcome::Cancelled).await;
    assert_eq!(state(&mut stream).await.1.state(), wire::State::Cancelled);
    house.jobs().delete_job(by(SECRET, wire::DeleteJobRequest { name: job.name.clone() })).await.unwrap();
    let request = wire::WatchJobRequest { name: job.name, after: 0 };
    let status = house.jobs().watch_job(by(SECRET, request)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::NotFound, "JOB_NOT_FOUND".into()));
}
