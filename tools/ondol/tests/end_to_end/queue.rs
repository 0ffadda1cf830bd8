//! The queue as its operators see it, in a Redis of its own.

use std::{process::Output, time::Duration};

use jobs::{Name, NewJob, Payload, Policies, Queue, RedisOptions, RedisQueue};
use serde_json::Value;
use testkit::Redis;

use crate::stack::ondol;

/// Runs a command: its exit code, what it printed, what it said to the user.
fn run(redis: &Redis, arguments: &[&str]) -> (Option<i32>, String, String) {
    let command = ["queue"].iter().chain(arguments).copied().chain(["--redis-url"]).collect::<Vec<_>>();
    let Output { status, stdout, stderr } = ondol(&command).arg(redis.url()).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn succeeding(redis: &Redis, arguments: &[&str]) -> String {
    let (code, out, err) = run(redis, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
    out
}

#[test]
fn it_is_shown_paused_and_goes_on() {
    let redis = Redis::start().unwrap();
    assert!(succeeding(&redis, &["show"]).contains("No job was ever handed in"));
    succeeding(&redis, &["pause"]);
    let shown: Value = serde_json::from_str(&succeeding(&redis, &["show", "--json"])).unwrap();
    assert_eq!(shown["paused"], true);
    succeeding(&redis, &["resume"]);
    let shown: Value = serde_json::from_str(&succeeding(&redis, &["show", "--json"])).unwrap();
    assert_eq!(shown["paused"], false);
    let (code, out, err) = run(&redis, &["pause", "batch"]);
    assert!(code == Some(0) && out.contains("batch is paused"), "{out}");
    assert!(err.contains("No batch job was handed in so far"), "{err}");
    let shown: Value = serde_json::from_str(&succeeding(&redis, &["show", "--json"])).unwrap();
    assert_eq!((&shown["paused"], &shown["kinds"]["batch"]["paused"]), (&false.into(), &true.into()));
    assert!(succeeding(&redis, &["resume", "batch", "--json"]).contains("\"paused\": false"));
}

#[test]
fn limits_are_shown_and_changed_one_by_one() {
    let redis = Redis::start().unwrap();
    let read =
        |arguments: &[&str]| -> Value { serde_json::from_str(&succeeding(&redis, arguments)).unwrap() };
    let usual = read(&["limits", "show", "--json"]);
    assert_eq!((&usual["depth"], &usual["running"]), (&1_000_000.into(), &Value::Null));
    read(&["limits", "set", "--queue-kind-running", "batch=4", "--queue-running", "8", "--json"]);
    let set = read(&["limits", "set", "--queue-dead-kept", "2h", "--unset", "running", "--json"]);
    assert_eq!((&set["kindRunning"]["batch"], &set["running"]), (&4.into(), &Value::Null));
    assert_eq!((&set["deadKeptSeconds"], &set["depth"]), (&7200.0.into(), &1_000_000.into()));
    assert!(succeeding(&redis, &["limits", "show"]).contains("batch=4"));
    let line = succeeding(&redis, &["show"]);
    let line = line.lines().find(|line| line.starts_with("batch")).unwrap().to_owned();
    assert_eq!(line.split_whitespace().nth(3), Some("4"), "{line}");

    for (wrong, ends, words) in [
        (&["limits", "set"][..], 1, "name a limit"),
        (&["limits", "set", "--queue-running", "1", "--unset", "running"], 1, "at once"),
        (&["limits", "set", "--queue-recoveries", "0"], 2, "--queue-recoveries"),
    ] {
        let (code, _, err) = run(&redis, wrong);
        assert!(code == Some(ends) && err.contains(words), "{wrong:?}: {err}");
    }
}

#[tokio::test]
async fn each_kind_is_counted() {
    let redis = Redis::start().unwrap();
    let name = |text| Name::new("name", text).unwrap();
    let options = RedisOptions::new(redis.url(), name("jobs"));
    let queue = RedisQueue::new(options, Policies::default()).unwrap();
    let job = || NewJob::new(name("batch"), name("dev"), Payload::Inline(Vec::new()));
    let later = NewJob { delay: Duration::from_hours(1), ..job() };
    for added in queue.enqueue(vec![job(), job(), later]).await {
        added.unwrap();
    }
    let shown: Value = serde_json::from_str(&succeeding(&redis, &["show", "--json"])).unwrap();
    let batch = &shown["kinds"]["batch"];
    assert_eq!((&batch["ready"], &batch["running"], &batch["delayed"]), (&2.into(), &0.into(), &1.into()));
    assert!(succeeding(&redis, &["show"]).contains("3 of at most 1000000 wait, 0 of any number run"));
}

#[test]
fn schedules_are_set_listed_and_removed() {
    let redis = Redis::start().unwrap();
    let set = |cron: &'static str| {
        let job = ["--owner", "dev", "--prompt", "Hi", "--model", "m", "--zone", "Asia/Seoul"];
        run(&redis, &[&["schedules", "set", "nightly", "--cron", cron], job.as_slice()].concat())
    };
    assert_eq!(set("0 3 * * *").0, Some(0));
    let listed = succeeding(&redis, &["schedules", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["kind"]), (&"nightly".into(), &"generate_text".into()));
    assert_eq!((&listed[0]["zone"], &listed[0]["owner"]), (&"Asia/Seoul".into(), &"dev".into()));
    // Three in the morning, in Seoul.
    assert!(listed[0]["nextTime"].as_str().unwrap().ends_with("T18:00:00Z"), "{listed}");
    assert!(succeeding(&redis, &["schedules", "list"]).contains("next 2"));

    let (code, _, err) = set("whenever");
    assert_eq!(code, Some(1));
    assert!(err.contains("expected a cron expression"), "{err}");

    succeeding(&redis, &["schedules", "remove", "nightly"]);
    assert!(succeeding(&redis, &["schedules", "list"]).contains("No schedules"));
    let (code, _, err) = run(&redis, &["schedules", "remove", "nightly"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("no schedule"), "{err}");
}

#[test]
fn a_redis_that_is_away_is_said_so_without_its_password() {
    let away = ["queue", "show", "--redis-url", "redis://:s3cr3t@127.0.0.1:1", "--redis-timeout", "1s"];
    let Output { status, stderr, .. } = ondol(&away).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("--redis-url") && !said.contains("s3cr3t"), "{said}");
}
