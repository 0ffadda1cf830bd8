//! Answers that are lost, connections that are cut, scripts that are forgotten.

use std::{sync::Arc, time::Duration};

use fault::{Fault, Kind};
use jobs::{Queue, Receipt, State};
use tokio::task::JoinSet;

use super::scene::{LEASE, PATIENCE, Scene, claim, eventually, finish, job};

const HASTE: Duration = Duration::from_millis(100);

/// 3: the caller gives up, or dies, between the claim and its answer; the job comes back by itself.
#[tokio::test]
async fn a_claim_whose_answer_is_lost_comes_back() {
    let scene = Scene::new();
    let id = scene.add("work").await;
    let hasty = scene.hasty(HASTE);
    // The connection stands and the script is known, so the call below is the only one.
    assert!(claim(&hasty, "nothing", 1, LEASE).await.is_empty());
    scene.redis.freeze().unwrap();
    // Never answered in time.
    assert!(claim(&hasty, "work", 1, LEASE).await.is_empty());
    scene.redis.thaw().unwrap();
    eventually(async || scene.state(id).await == State::Running).await;
    scene.reap(1).await;
    let again = scene.claim("work", 1, LEASE).await;
    assert_eq!(again[0].ticket.id, id);
    assert_eq!(finish(&scene.queue, &again[0]).await, Receipt::Accepted);
}

/// An enqueue whose answer was lost is sent again, and is the same job.
#[tokio::test]
async fn an_enqueue_whose_answer_is_lost_can_be_repeated() {
    let scene = Scene::new();
    let hasty = scene.hasty(HASTE);
    hasty.enqueue(vec![job("other")]).await.remove(0).unwrap();
    let new = job("work");
    scene.redis.freeze().unwrap();
    let lost = hasty.enqueue(vec![new.clone()]).await.remove(0).unwrap_err();
    assert_eq!(lost.kind(), Kind::Unavailable);
    scene.redis.thaw().unwrap();
    let again = scene.queue.enqueue(vec![new]).await.remove(0).unwrap();
    assert!(!again.is_new, "the first call had done its work");
    assert_eq!(scene.claim("work", 10, LEASE).await.len(), 1);
}

/// Connections are cut again and again under a crowd of callers; none of them sees an error, and no job is there twice.
#[tokio::test]
async fn cut_connections_cost_nobody_anything() {
    let scene = Scene::new();
    disturb(&scene, &["CLIENT", "KILL", "TYPE", "normal"]).await;
}

/// The scripts are forgotten while calls are under way.
#[tokio::test]
async fn forgotten_scripts_are_sent_again() {
    let scene = Scene::new();
    disturb(&scene, &["SCRIPT", "FLUSH"]).await;
}

/// A crowd enqueues and works while something is done to the server over and over.
async fn disturb(scene: &Scene, command: &[&str]) {
    const CALLERS: usize = 20;
    const EACH: usize = 25;
    let queue = Arc::new(scene.queue.clone());
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let queue = Arc::clone(&queue);
        callers.spawn(async move {
            for _ in 0..EACH {
                queue.enqueue(vec![job("work")]).await.remove(0).unwrap();
            }
        });
    }
    let (mut ended, mut disturbances) = (0, 0);
    eventually(async || {
        // The command's own connection may be cut as well.
        drop(scene.redis.ask(command));
        disturbances += 1;
        while callers.try_join_next().is_some_and(|caller| caller.map(|()| true).unwrap()) {}
        for job in scene.claim("work", 10, PATIENCE).await {
            // Its first answer may have been lost on the way.
            assert_ne!(finish(&scene.queue, &job).await, Receipt::Rejected);
            ended += 1;
        }
        callers.is_empty() && ended >= CALLERS * EACH
    })
    .await;
    assert_eq!(ended, CALLERS * EACH);
    assert!(disturbances > 5, "{disturbances}");
}
