//! What needs no key, and what happens while llm-inference is away.

use futures::{StreamExt, stream};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{
    scripted::Script,
    stand::{Stand, ask, keyed, refusal},
};

const SERVICE: &str = "ondol.inference.v1.InferenceService";

#[tokio::test]
async fn health_and_reflection_need_no_key() {
    let stand = Stand::start(Script::Greet).await;
    for name in ["", SERVICE] {
        let request = HealthCheckRequest { service: name.into() };
        let mut changes = HealthClient::new(stand.channel()).watch(request).await.unwrap().into_inner();
        while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}
    }

    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut client = ServerReflectionClient::new(stand.channel());
    let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    assert!(list.service.iter().any(|service| service.name == SERVICE), "{list:?}");
}

#[tokio::test]
async fn jobs_are_served_while_their_queue_is_there() {
    let house = crate::house::House::new().await;
    let request = HealthCheckRequest { service: "ondol.jobs.v1.JobService".into() };
    let mut client = HealthClient::new(crate::house::channel(house.address));
    let mut changes = client.watch(request.clone()).await.unwrap().into_inner();
    while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}

    let line = crate::stand::line("http://127.0.0.1:1", &["--redis-url", "redis://127.0.0.1:1"]);
    let address = api::start(line, runtime::Life::new()).await.unwrap();
    let mut client = HealthClient::new(crate::house::channel(address));
    let mut changes = client.watch(request).await.unwrap().into_inner();
    while changes.message().await.unwrap().unwrap().status() != ServingStatus::NotServing {}
    let mut jobs = proto::jobs::v1::job_service_client::JobServiceClient::new(crate::house::channel(address));
    let status = jobs.list_jobs(keyed(proto::jobs::v1::ListJobsRequest::default())).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unavailable, "QUEUE_UNAVAILABLE".into()));
}

#[tokio::test]
async fn an_upstream_that_is_away_is_unavailable() {
    let stand = Stand::alone().await;
    let status = stand.client().generate_text(keyed(ask())).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Unavailable, "UPSTREAM_UNREACHABLE".into()));
    assert!(status.message().contains("llm-inference"), "{status:?}");
}
