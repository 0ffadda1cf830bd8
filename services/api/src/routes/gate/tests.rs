//! Who is let in, who waits and who is sent away, with a clock that stands still.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::{Gate, GateSettings};
use crate::routes::{
    Metrics,
    Priority::{self, High, Low, Normal},
};

const DELAY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(1);

fn gate(most: u32, line: usize) -> Arc<Gate> {
    let settings = GateSettings { least: 1, most, delay: DELAY, line, patience: PATIENCE };
    let metrics = Metrics::register(&mut Registry::default());
    Arc::new(Gate::new(settings, metrics.gate("blue")))
}

async fn enter(gate: &Arc<Gate>, priority: Priority) -> Option<super::Pass> {
    gate.enter(priority).await.ok()
}

#[tokio::test(start_paused = true)]
async fn as_many_as_the_limit_run_and_the_next_has_its_turn_when_one_ends() {
    let gate = gate(2, 10);
    let (first, second) = (enter(&gate, Normal).await.unwrap(), enter(&gate, Normal).await.unwrap());
    let mut low = std::pin::pin!(enter(&gate, Low));
    let mut high = std::pin::pin!(enter(&gate, High));
    assert!(low.as_mut().now_or_never().is_none() && high.as_mut().now_or_never().is_none());
    drop(first);
    assert!(low.as_mut().now_or_never().is_none(), "it came first, and is less urgent");
    let high = high.now_or_never().unwrap().unwrap();
    drop(second);
    drop((low.now_or_never().unwrap().unwrap(), high));
    assert_eq!(gate.state().running, 0);
}

#[tokio::test(start_paused = true)]
async fn who_finds_the_line_full_is_sent_away_at_once_and_who_waits_too_long_then() {
    let gate = gate(1, 1);
    let _running = enter(&gate, Normal).await.unwrap();
    let begin = Instant::now();
    let mut waiting = std::pin::pin!(enter(&gate, Normal));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert!(enter(&gate, Normal).await.is_none());
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert!(waiting.await.is_none());
    assert_eq!(begin.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn somebody_more_urgent_takes_a_place_in_a_full_line() {
    let gate = gate(1, 1);
    let running = enter(&gate, Normal).await.unwrap();
    let mut low = std::pin::pin!(enter(&gate, Low));
    assert!(low.as_mut().now_or_never().is_none());
    let mut normal = std::pin::pin!(enter(&gate, Normal));
    assert!(normal.as_mut().now_or_never().is_none());
    assert!(low.now_or_never().unwrap().is_none(), "it is told at once");
    drop(running);
    assert!(normal.now_or_never().unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn who_would_be_sent_away_is_known_before() {
    let gate = gate(1, 1);
    assert!(!gate.is_full_for(Low));
    let _running = enter(&gate, Normal).await.unwrap();
    assert!(!gate.is_full_for(Low), "the line has a place");
    let mut low = Box::pin(enter(&gate, Low));
    assert!(low.as_mut().now_or_never().is_none());
    assert_eq!([Low, Normal].map(|priority| gate.is_full_for(priority)), [true, false]);
    drop(low);
    assert!(!gate.is_full_for(Low), "who went away left a place");
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_waiting_leaves_nothing_behind() {
    let gate = gate(1, 4);
    let running = enter(&gate, Normal).await.unwrap();
    {
        let mut waiting = Box::pin(enter(&gate, Normal));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(running);
        // It has its turn, and never comes to know.
    }
    assert_eq!(gate.state().running, 0);
    drop(enter(&gate, Normal).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_limit_follows_how_long_calls_wait() {
    let gate = gate(10, 0);
    let mut running = Vec::new();
    for _ in 0..10 {
        running.push(enter(&gate, Normal).await.unwrap());
    }
    for pass in &running {
        pass.waited(DELAY * 2);
    }
    assert_eq!(gate.state().limit.calls(), 8, "all of them say the same");
    running.truncate(7);
    let late = enter(&gate, Normal).await.unwrap();
    late.refused();
    assert_eq!(gate.state().limit.calls(), 6);
    assert!(enter(&gate, High).await.is_none());
    for _ in 0..20 {
        late.waited(Duration::ZERO);
    }
    assert!(gate.state().limit.calls() >= 8, "nobody waits, so there may be more");
    running.clear();
    let before = gate.state().limit.calls();
    for _ in 0..100 {
        late.waited(Duration::ZERO);
    }
    assert_eq!(gate.state().limit.calls(), before, "what is not used shows nothing");
}
