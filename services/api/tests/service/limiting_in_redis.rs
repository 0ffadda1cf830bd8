//! Limits over counters in Redis: two replicas share them, what they cost, and what holds while Redis is away.

use futures::future::join_all;
use proto::inference::v1::{ListModelsRequest, inference_service_client::InferenceServiceClient};
use testkit::Redis;
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt;

use crate::{
    limited::{Limited, ask_for},
    scripted::Script,
    stand::{ask, keyed, refusal},
};

/// Api with its counters in this Redis.
async fn limited(redis: &Redis, script: Script, table: &str, flags: &[&str]) -> Limited {
    let url = redis.url();
    let own = ["--accounts-redis-url", url.as_str(), "--accounts-redis-timeout", "1s"];
    Limited::with(script, table, &[&own, flags].concat()).await
}

/// How many of so many requests at once are let in, by each of these in turn.
async fn granted(clients: &[InferenceServiceClient<Channel>], many: usize) -> usize {
    let answers = join_all((0..many).map(|number| {
        let mut client = clients[number % clients.len()].clone();
        async move { client.generate_text(keyed(ask_for(10))).await }
    }));
    answers.await.into_iter().flatten().count()
}

#[tokio::test]
async fn replicas_share_limits_to_the_last_request() {
    let redis = Redis::start().unwrap();
    let table = "keys.requests_per_day = 30";
    let one = limited(&redis, Script::Greet, table, &[]).await;
    let other = limited(&redis, Script::Greet, table, &[]).await;
    assert_eq!(granted(&[one.stand.client(), other.stand.client()], 200).await, 30);
}

#[tokio::test]
async fn what_is_not_used_comes_back_for_every_replica() {
    let redis = Redis::start().unwrap();
    let table = "keys.tokens_per_day = 100";
    let one = limited(&redis, Script::Greet, table, &[]).await;
    let other = limited(&redis, Script::Greet, table, &[]).await;
    one.stand.client().generate_text(keyed(ask_for(40))).await.unwrap();
    other.until_left(95).await;
}

/// How often scripts have been run.
fn scripts_run(redis: &Redis) -> u64 {
    let told = redis.ask(&["INFO", "commandstats"]).unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_call_that_is_let_in_or_refused_asks_redis_once() {
    let redis = Redis::start().unwrap();
    let limits = "requests_per_day = 8\ntokens_per_day = 100000\nconcurrency = 100\n";
    let table = format!("[keys]\n{limits}[models.stub]\n{limits}[global]\n{limits}");
    let limited = limited(&redis, Script::Hold, &table, &[]).await;
    let mut client = limited.stand.client();
    let mut streams = vec![client.stream_generate_text(keyed(ask())).await.unwrap()];
    let before = scripts_run(&redis);
    for _ in 0..7 {
        streams.push(client.stream_generate_text(keyed(ask())).await.unwrap());
    }
    for _ in 0..5 {
        client.stream_generate_text(keyed(ask())).await.unwrap_err();
    }
    // Nothing has ended, so nothing was settled. Leases are renewed each 10 seconds, all with one script.
    let run = scripts_run(&redis) - before;
    assert!((12..=13).contains(&run), "{run} scripts for 12 calls");
}

#[tokio::test]
async fn while_redis_is_away_limited_calls_are_refused_and_others_go_on() {
    let mut redis = Redis::durable().unwrap();
    let limited = limited(&redis, Script::Greet, "[models.stub]\nrequests_per_day = 100", &[]).await;
    let mut client = limited.stand.client();
    client.generate_text(keyed(ask())).await.unwrap();
    redis.kill().unwrap();
    for _ in 0..3 {
        let refused = client.generate_text(keyed(ask())).await.unwrap_err();
        assert_eq!(refusal(&refused), (Code::Unavailable, "ACCOUNTS_UNAVAILABLE".to_owned()));
        assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    }
    client.list_models(keyed(ListModelsRequest::default())).await.unwrap();
    let text = limited.stand.life.register(|registry| telemetry::metrics::exposition([&*registry]).unwrap());
    assert!(text.contains("ondol_limits_away_total{outcome=\"refused\"} 3"), "{text}");
    redis.restart().unwrap();
    let again = async { while client.generate_text(keyed(ask())).await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), again).await.unwrap();
}

#[tokio::test]
async fn while_redis_is_away_each_replica_counts_to_its_part_if_so_configured() {
    let mut redis = Redis::start().unwrap();
    let open = ["--limits-when-away", "open", "--limits-replicas", "2"];
    let limited = limited(&redis, Script::Greet, "keys.requests_per_day = 10", &open).await;
    assert_eq!(granted(&[limited.stand.client()], 3).await, 3);
    redis.kill().unwrap();
    assert_eq!(granted(&[limited.stand.client()], 50).await, 5);
    let text = limited.stand.life.register(|registry| telemetry::metrics::exposition([&*registry]).unwrap());
    assert!(text.contains("ondol_limits_away_total{outcome=\"counted\"} 5"), "{text}");
}
