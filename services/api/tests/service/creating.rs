//! Jobs on their way in.

use jobs::{Limits, Payload, Queue};
use proto::jobs::v1::{self as wire, job::Work};
use tonic::Code;
use tonic_types::StatusExt;

use crate::{
    house::{House, OTHER, by, fields, text},
    stand::{OWNER, SECRET, refusal},
};

#[tokio::test]
async fn a_job_is_told_as_it_was_asked_for() {
    let house = House::new().await;
    let mut request = text("Once");
    let asked = request.job.get_or_insert_default();
    asked.priority = wire::Priority::Low.into();
    asked.published = true;
    asked.kind = "made up".into();
    let work = asked.work.clone();
    let made = house.jobs().create_job(by(SECRET, request)).await.unwrap().into_inner();
    let get = wire::GetJobRequest { name: made.name.clone() };
    let job = house.jobs().get_job(by(SECRET, get)).await.unwrap().into_inner();
    assert_eq!(job, made);
    assert_eq!((job.work.as_ref(), job.kind.as_str()), (work.as_ref(), "generate_text"));
    assert_eq!((job.state(), job.priority()), (wire::State::Ready, wire::Priority::Low));
    assert!(job.published && job.create_time.is_some() && job.end_time.is_none());
}

#[tokio::test]
async fn the_worker_is_given_the_message_the_owner_and_where_the_call_came_from() {
    let _logs = testkit::capture_logs();
    let house = House::new().await;
    let mut request = by(SECRET, text("Once"));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    request.metadata_mut().insert("traceparent", parent.parse().unwrap());
    request.metadata_mut().insert("x-request-id", "mine-1".parse().unwrap());
    request.metadata_mut().insert("x-ondol-principal", "root".parse().unwrap());
    house.jobs().create_job(request).await.unwrap();
    let claimed = house.worker.claim().await;
    assert_eq!(claimed.tenant.as_str(), OWNER);
    let word = |name: &str| claimed.headers.get(name).map(String::as_str);
    assert_eq!(word("x-request-id"), Some("mine-1"));
    assert_eq!(word("x-ondol-principal"), Some(OWNER));
    assert_eq!(word("published"), Some("false"));
    let goes_on = word("traceparent").unwrap();
    assert!(goes_on.contains(trace) && goes_on != parent, "in a span of api's own: {goes_on}");
    let Payload::Inline(bytes) = claimed.payload else { panic!("{:?}", claimed.payload) };
    let work: wire::GenerateTextWork = prost::Message::decode(bytes.as_slice()).unwrap();
    assert_eq!(work.request.unwrap().prompt, "Once");
}

#[tokio::test]
async fn a_large_request_is_an_object_until_its_job_is_forgotten() {
    let house = House::new().await;
    let request = text(&"x".repeat(1 << 20));
    let work = request.job.clone().unwrap().work;
    let made = house.jobs().create_job(by(SECRET, request)).await.unwrap().into_inner();
    assert!(made.work == work, "the work is shown");
    let claimed = house.worker.claim().await;
    let Payload::Reference(key) = &claimed.payload else { panic!("inline") };
    assert!(key.starts_with("payloads/") && house.folder.path().join(key).is_file());
    let failed = jobs::Outcome::Failed { error: "no".into(), retry: false };
    let path = house.folder.path().join(key);
    house.worker.end(claimed, failed).await;
    let delete = wire::DeleteJobRequest { name: made.name };
    house.jobs().delete_job(by(SECRET, delete)).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let house = House::new().await;
    let batch = wire::BatchWork { input: "x".into(), concurrency: 65, model: "No Name".into() };
    let job = wire::Job { work: Some(Work::Batch(batch)), priority: 9, ..wire::Job::default() };
    let long = prost_types::Duration { seconds: 367 * 24 * 3600, nanos: 0 };
    let negative = prost_types::Duration { seconds: -1, nanos: 0 };
    let request = wire::CreateJobRequest {
        job: Some(job),
        request_id: "x".repeat(257),
        delay: Some(long),
        expires_after: Some(negative),
    };
    let status = house.jobs().create_job(by(SECRET, request)).await.unwrap_err();
    let expected = ["job.batch.input", "job.batch.concurrency", "job.batch.model"];
    let expected = [&expected[..], &["job.priority", "delay", "expires_after", "request_id"]].concat();
    assert_eq!(fields(&status), expected);

    let nothing = house.jobs().create_job(by(SECRET, wire::CreateJobRequest::default())).await.unwrap_err();
    assert_eq!(fields(&nothing), ["job"]);
    let empty = house.jobs().create_job(by(SECRET, text(""))).await.unwrap_err();
    assert_eq!(fields(&empty), ["job.generate_text.request.messages"]);
    let large = house.jobs().create_job(by(SECRET, text(&"x".repeat((1 << 20) + 1)))).await.unwrap_err();
    assert_eq!(fields(&large), ["job.generate_text.request.prompt"]);
}

#[tokio::test]
async fn a_repeated_request_is_one_job_and_another_with_its_id_is_refused() {
    let house = House::new().await;
    let with_id = |prompt: &str| wire::CreateJobRequest { request_id: "r-1".into(), ..text(prompt) };
    let first = house.jobs().create_job(by(SECRET, with_id("Once"))).await.unwrap().into_inner();
    let again = house.jobs().create_job(by(SECRET, with_id("Once"))).await.unwrap().into_inner();
    assert_eq!(first.name, again.name);
    let status = house.jobs().create_job(by(SECRET, with_id("Twice"))).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".into()));
    let others = house.jobs().create_job(by(OTHER, with_id("Twice"))).await.unwrap().into_inner();
    assert_ne!(others.name, first.name);
}

#[tokio::test]
async fn a_repeated_large_request_leaves_one_object() {
    let house = House::new().await;
    let request = || wire::CreateJobRequest { request_id: "r-1".into(), ..text(&"x".repeat(100_000)) };
    for _ in 0..2 {
        house.jobs().create_job(by(SECRET, request())).await.unwrap();
    }
    assert_eq!(std::fs::read_dir(house.folder.path().join("payloads")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let house = House::new().await;
    house.queue.set_limits(&Limits { depth: 1, ..Limits::default() }).await.unwrap();
    house.job().await;
    let status = house.jobs().create_job(by(SECRET, text(&"x".repeat(100_000)))).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::ResourceExhausted, "QUEUE_FULL".into()));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    let left = std::fs::read_dir(house.folder.path().join("payloads")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "the object of a refused job");
}

#[tokio::test]
async fn a_delayed_job_waits_for_its_time() {
    let house = House::new().await;
    let hour = prost_types::Duration { seconds: 3600, nanos: 0 };
    let request = wire::CreateJobRequest { delay: Some(hour), ..text("Once") };
    let job = house.jobs().create_job(by(SECRET, request)).await.unwrap().into_inner();
    assert_eq!(job.state(), wire::State::Delayed);
}
