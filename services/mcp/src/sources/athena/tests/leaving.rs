//! Nobody waits any more: the query ends too.

use std::time::Duration;

use fault::{Fault, Kind};
use serde_json::json;
use tokio::{sync::oneshot, task::JoinSet};
use tools::Output;

use super::{
    fake::{Fake, Script},
    stand::{Stand, call, config},
};
use crate::sources::athena;

fn endless() -> Script {
    Script { states: vec![json!({"State": "RUNNING"})], ..Script::default() }
}

fn is_stopped(script: &Script) -> bool {
    script.queries.first().is_some_and(|query| query.is_stopped)
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_query() {
    let stand = Stand::with(endless(), "").await;
    tokio::select! {
        answer = stand.call("athena_query", json!({"sql": "SELECT 1"})) => panic!("{answer:?}"),
        () = stand.fake.until(|script| script.queries.first().is_some_and(|query| query.looks > 1)) => {}
    }
    stand.fake.until(is_stopped).await;
}

#[tokio::test]
async fn so_does_one_who_leaves_before_the_query_has_a_name() {
    let stand = Stand::with(Script { holds_starts: true, ..endless() }, "").await;
    let is_starting = |script: &Script| script.requests.iter().any(|(kind, _)| kind == "StartQueryExecution");
    tokio::select! {
        answer = stand.call("athena_query", json!({"sql": "SELECT 1"})) => panic!("{answer:?}"),
        () = stand.fake.until(is_starting) => {}
    }
    assert!(stand.fake.script().queries.is_empty());
    stand.fake.change(|script| script.holds_starts = false);
    stand.fake.until(is_stopped).await;
}

#[tokio::test]
async fn the_end_of_its_time_ends_the_query() {
    let stand = Stand::with(endless(), "timeout = \"300ms\"\n[athena.policy]\nattempts = 1").await;
    let error = stand.call("athena_query", json!({"sql": "SELECT 1"})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::DeadlineExceeded);
    stand.fake.until(is_stopped).await;
}

#[tokio::test]
async fn a_stop_that_fails_is_made_again() {
    let mut script = endless();
    let passing = [(500, "InternalServerException", "x"), (400, "TooManyRequestsException", "x")];
    script.errors.insert("StopQueryExecution", passing.into());
    let stand = Stand::with(script, "timeout = \"200ms\"\n[athena.policy]\nattempts = 1").await;
    stand.call("athena_query", json!({"sql": "SELECT 1"})).await.unwrap_err();
    stand.fake.until(is_stopped).await;
    assert_eq!(stand.fake.count("StopQueryExecution"), 3);
}

/// The tools as a process has them that can be told to drain.
struct Process {
    fake: Fake,
    offers: Vec<crate::sources::Offer>,
    drain: Option<oneshot::Sender<()>>,
    task: JoinSet<()>,
}

impl Process {
    async fn new(script: Script) -> Self {
        let fake = Fake::start(script).await;
        let config = config(&format!("http://{}", fake.address), "").athena.unwrap();
        let (offers, errand) = athena::offers(&config).await.unwrap();
        let (drain, draining) = oneshot::channel::<()>();
        let mut task = JoinSet::new();
        task.spawn((errand.run)(Box::pin(async move { drop(draining.await) })));
        Self { fake, offers, drain: Some(drain), task }
    }

    fn query(&self) -> impl Future<Output = Result<Output, tools::ToolsError>> + use<> {
        let offered =
            self.offers.iter().find(|offer| offer.descriptor.name.as_str() == "athena_query").unwrap();
        let tool = std::sync::Arc::clone(&offered.tool);
        async move { tool.call(call("team-a", &json!({"sql": "SELECT 1"}))).await }
    }
}

#[tokio::test]
async fn a_process_that_drains_waits_for_its_queries_and_begins_none() {
    let mut process = Process::new(endless()).await;
    let mut running = Box::pin(process.query());
    tokio::select! {
        answer = &mut running => panic!("{answer:?}"),
        () = process.fake.until(|script| script.queries.len() == 1) => {}
    }
    drop(process.drain.take());
    // It is told at some moment; from then on nothing begins.
    let refused = loop {
        let mut another = Box::pin(process.query());
        let many = process.fake.script().queries.len() + 1;
        tokio::select! {
            answer = &mut another => break answer,
            () = process.fake.until(|script| script.queries.len() == many) => {}
        }
    };
    assert_eq!(refused.unwrap_err().kind(), Kind::Unavailable);
    assert!(process.task.try_join_next().is_none(), "a query still runs");
    drop(running);
    process.task.join_next().await.unwrap().unwrap();
    assert!(process.fake.script().queries.iter().all(|query| query.is_stopped));
}

#[tokio::test]
async fn tools_that_are_replaced_leave_nothing_behind() {
    let mut process = Process::new(Script::default()).await;
    process.query().await.unwrap();
    process.offers.clear();
    tokio::time::timeout(Duration::from_secs(30), process.task.join_next()).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn without_the_task_nothing_begins() {
    let mut process = Process::new(Script::default()).await;
    process.task.shutdown().await;
    assert_eq!(process.query().await.unwrap_err().kind(), Kind::Unavailable);
    assert!(process.fake.script().queries.is_empty());
}
