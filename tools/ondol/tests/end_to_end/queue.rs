//! The queue as its operators see it, in a Redis of its own.

use std::process::Output;

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
    assert!(succeeding(&redis, &["pause", "batch"]).contains("batch is paused"));
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
    assert!(said.contains("Redis") && !said.contains("s3cr3t"), "{said}");
}
