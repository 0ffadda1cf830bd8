//! The same with a real Redis, named by its flags: from a job's creation to its bytes, and while Redis is away.

use std::sync::Arc;

use jobs::{Name, Outcome, Policies, Queue, RedisOptions, RedisQueue};
use objects::{Folder, Objects};
use proto::jobs::v1::{self as wire, job_service_client::JobServiceClient, watch_job_response::Event};
use runtime::Life;
use testkit::Redis;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    house::{by, channel, text},
    plain,
    stand::{SECRET, line, refusal},
    worker::Worker,
};

/// A worker at this Redis and in this folder, and api in front of both.
async fn house(redis: &Redis, folder: &std::path::Path) -> (Worker, std::net::SocketAddr, Life) {
    let options = RedisOptions::new(redis.url(), Name::new("queue", "jobs").unwrap());
    let queue: Arc<dyn Queue> = Arc::new(RedisQueue::new(options, Policies::default()).unwrap());
    let objects: Arc<dyn Objects> = Arc::new(Folder::open(folder).await.unwrap());
    let (url, place) = (redis.url(), format!("file://{}", folder.display()));
    let flags = ["--redis-url", &url, "--redis-timeout", "1s", "--objects-url", &place];
    let life = Life::new();
    let address = api::start(line("http://127.0.0.1:1", &flags), life.clone()).await.unwrap();
    (Worker::new(queue, objects), address, life)
}

#[tokio::test]
async fn a_job_is_created_watched_and_its_bytes_are_read() {
    let (redis, folder) = (Redis::start().unwrap(), tempfile::tempdir().unwrap());
    let (worker, address, _life) = house(&redis, folder.path()).await;
    let mut jobs = JobServiceClient::new(channel(address));
    let request = || wire::CreateJobRequest { request_id: "r-1".into(), ..text("Once") };
    let job = jobs.create_job(by(SECRET, request())).await.unwrap().into_inner();
    assert_eq!(jobs.create_job(by(SECRET, request())).await.unwrap().into_inner().name, job.name);
    let watch = wire::WatchJobRequest { name: job.name.clone(), after: 0 };
    let mut stream = jobs.watch_job(by(SECRET, watch)).await.unwrap().into_inner();
    let mut told = Vec::new();
    told.push(stream.message().await.unwrap().unwrap());
    worker.finish(&[("text.txt", "text/plain", "Hello")]).await;
    while let Some(response) = stream.message().await.unwrap() {
        told.push(response);
    }
    let sequences: Vec<_> = told.iter().map(|response| response.sequence).collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>());
    let Some(Event::Job(last)) = told.pop().unwrap().event else { panic!("no job at the end") };
    assert_eq!(last.state(), wire::State::Succeeded);
    let key = format!("Bearer {SECRET}");
    let path = &last.artifacts[0].path;
    assert_eq!(plain::send(address, "GET", path, &[("authorization", &key)], "").await.text(), "Hello");
    let listed = jobs.list_jobs(by(SECRET, wire::ListJobsRequest::default())).await.unwrap().into_inner();
    assert_eq!((listed.jobs.len(), listed.jobs[0].artifacts.len()), (1, 1));
}

#[tokio::test]
async fn a_redis_that_goes_away_is_told_and_a_watch_goes_on_after_it() {
    let (mut redis, folder) = (Redis::durable().unwrap(), tempfile::tempdir().unwrap());
    let (worker, address, _life) = house(&redis, folder.path()).await;
    let mut jobs = JobServiceClient::new(channel(address));
    let job = jobs.create_job(by(SECRET, text("Once"))).await.unwrap().into_inner();
    let watch = |after| by(SECRET, wire::WatchJobRequest { name: job.name.clone(), after });
    let mut stream = jobs.watch_job(watch(0)).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap();
    let health = HealthCheckRequest { service: "ondol.jobs.v1.JobService".into() };
    let mut changes = HealthClient::new(channel(address)).watch(health).await.unwrap().into_inner();
    while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}

    redis.kill().unwrap();
    let broken = stream.message().await.unwrap_err();
    assert_eq!(refusal(&broken), (Code::Unavailable, "QUEUE_UNAVAILABLE".into()));
    while changes.message().await.unwrap().unwrap().status() != ServingStatus::NotServing {}

    redis.restart().unwrap();
    while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}
    let mut stream = jobs.watch_job(watch(first.sequence)).await.unwrap().into_inner();
    let claimed = worker.claim().await;
    worker.end(claimed, Outcome::Failed { error: "no".into(), retry: false }).await;
    let mut states = Vec::new();
    while let Some(response) = stream.message().await.unwrap() {
        let Some(Event::Job(job)) = response.event else { continue };
        states.push((response.sequence, job.state()));
    }
    assert_eq!(states, [(2, wire::State::Running), (3, wire::State::Dead)]);
}
