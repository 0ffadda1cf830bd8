//! How runs end that do not end by themselves.

use jobs::{Cancellation, Queue, State};
use runtime::Exit;

use crate::{scripted::Scripted, slow::Slow, stand::Stand};

#[tokio::test]
async fn a_cancelled_job_stops_and_leaves_nothing() {
    let scripted = Scripted::holding(0);
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    scripted.arrived.notified().await;
    assert_eq!(stand.queue.cancel(id).await.unwrap(), Cancellation::Requested);
    assert_eq!(stand.ended(id).await.state, State::Cancelled);
    assert!(stand.shelf.manifest(&id.to_string()).await.is_err());
}

#[tokio::test]
async fn a_drain_waits_for_what_runs_and_gives_back_the_rest() {
    let scripted = Scripted::holding(0);
    let stand = Stand::new(&scripted).await;
    let worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    stand.until(id, State::Running).await;
    assert_eq!(worker.terminate().await, Exit::Completed, "within the grace");
    let job = stand.queue.get(id).await.unwrap();
    assert_eq!((job.state, job.recoveries), (State::Ready, 0), "{job:?}");
}

#[tokio::test]
async fn a_drain_hears_of_what_was_claimed_and_gives_it_back() {
    let scripted = Scripted::holding(0);
    let stand = Stand::new(&scripted).await;
    let id = stand.generation("hello").await;
    let slow = Slow::new(stand.queue.clone());
    let worker = stand.worker_of(slow.clone(), &[]);
    slow.given.notified().await;
    let answer = async {
        // The drain comes first.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        slow.heard.add_permits(1);
    };
    let (exit, ()) = tokio::join!(worker.terminate(), answer);
    let job = stand.queue.get(id).await.unwrap();
    assert_eq!((exit, job.state, job.recoveries), (Exit::Completed, State::Ready, 0), "{job:?}");
}

#[tokio::test]
async fn a_kind_that_is_left_to_others_waits() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let worker = stand.worker(&["--concurrency-of", "batch=0"]);
    let waiting = stand.batch("").await;
    let id = stand.generation("hello").await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    assert_eq!(stand.queue.get(waiting).await.unwrap().state, State::Ready);
    worker.terminate().await;
}
