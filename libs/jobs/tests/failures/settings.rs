//! What operators have set, as they read it back.

use std::time::Duration;

use jobs::{Limits, Queue, Scope};

use crate::scene::{Scene, name};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_is_read_back() {
    let scene = Scene::new();
    let untouched = scene.queue.settings().await.unwrap();
    assert_eq!(untouched.limits, Limits::default());
    assert!(!untouched.paused && untouched.paused_kinds.is_empty());

    let limits = Limits {
        depth: 12,
        tenant_depth: Some(3),
        running: Some(8),
        tenant_running: Some(2),
        kind_running: [(name("batch"), 4)].into(),
        recoveries: 5,
        done_kept: Duration::from_mins(1),
        dead_kept: Duration::from_mins(2),
        keys_kept: Duration::from_mins(3),
        events_kept: 9,
    };
    scene.queue.set_limits(&limits).await.unwrap();
    scene.queue.set_paused(Scope::Kind(name("batch")), true).await.unwrap();
    let set = scene.queue.settings().await.unwrap();
    assert_eq!(set.limits, limits);
    assert!(!set.paused && set.paused_kinds == [name("batch")].into());
    scene.queue.set_paused(Scope::Queue, true).await.unwrap();
    assert!(scene.queue.settings().await.unwrap().paused);

    scene.queue.set_limits(&Limits::default()).await.unwrap();
    assert_eq!(scene.queue.settings().await.unwrap().limits, Limits::default());
}
