//! Schedules that cannot be followed, or come too late.

use jobs::{Missed, Name, Payload, Priority, Queue, Schedule};

use crate::scene::{Scene, eventually, name};

const CRON: &str = "{q:queue:0}:cron";
const SPEC: &str = "{q:queue:0}:cron:spec";

fn schedule(called: &str, cron: &str, missed: Missed) -> Schedule {
    Schedule {
        name: name(called),
        cron: cron.to_owned(),
        zone: "UTC".to_owned(),
        missed,
        kind: Name::new("kind", called).unwrap(),
        tenant: name("tenant"),
        priority: Priority::Normal,
        payload: Payload::Inline(Vec::new()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_read_holds_up_no_other() {
    let scene = Scene::new();
    for called in ["broken", "sound"] {
        scene.queue.put_schedule(&schedule(called, "* * * * * *", Missed::Once)).await.unwrap();
    }
    scene.redis.ask(&["HSET", SPEC, "broken", "nonsense"]).unwrap();
    // Due long since, and first.
    scene.redis.ask(&["ZADD", CRON, "1", "broken"]).unwrap();

    let mut started = 0;
    eventually(async || {
        started += scene.queue.tick().await.unwrap().len();
        started > 0
    })
    .await;
    assert_eq!(scene.claim("sound", 10, crate::scene::LEASE).await.len(), started);
    // It is not looked at again each second.
    assert_ne!(scene.redis.ask(&["ZSCORE", CRON, "broken"]).unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_tick_was_missed_starts_nothing_and_goes_on() {
    let scene = Scene::new();
    scene.queue.put_schedule(&schedule("yearly", "0 0 1 1 *", Missed::Skip)).await.unwrap();
    let next = scene.redis.ask(&["ZSCORE", CRON, "yearly"]).unwrap();
    scene.redis.ask(&["ZADD", CRON, "1", "yearly"]).unwrap();
    assert!(scene.queue.tick().await.unwrap().is_empty());
    assert_eq!(scene.redis.ask(&["ZSCORE", CRON, "yearly"]).unwrap(), next);
}
