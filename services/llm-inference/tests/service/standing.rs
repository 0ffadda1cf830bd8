//! What load balancers and debuggers ask.

use futures::{StreamExt, stream};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::stand::{Stand, Stub};

const SERVICE: &str = "ondol.inference.v1.InferenceService";

#[tokio::test]
async fn the_server_the_service_and_each_model_are_healthy() {
    let stand = Stand::start([Stub::named("one"), Stub::named("two")]);
    let mut client = HealthClient::new(stand.channel());
    for name in ["", SERVICE, "models/one", "models/two"] {
        let request = HealthCheckRequest { service: name.into() };
        let mut changes = client.watch(request).await.unwrap().into_inner();
        while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}
    }
    let unknown = HealthCheckRequest { service: "models/three".into() };
    assert_eq!(client.check(unknown).await.unwrap_err().code(), Code::NotFound);
}

/// The services that one version of reflection lists.
macro_rules! listed_by {
    ($version:ident, $stand:expr) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        };
        let list = MessageRequest::ListServices(String::new());
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
        let mut client = ServerReflectionClient::new($stand.channel());
        let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
        match answers.next().await.unwrap().unwrap().message_response {
            Some(MessageResponse::ListServicesResponse(list)) => {
                list.service.into_iter().map(|service| service.name).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    }};
}

#[tokio::test]
async fn both_versions_of_reflection_list_the_service() {
    let stand = Stand::start([Stub::default()]);
    for services in [listed_by!(v1, stand), listed_by!(v1alpha, stand)] {
        for expected in [SERVICE, "grpc.health.v1.Health"] {
            assert!(services.iter().any(|name| name == expected), "{services:?}");
        }
    }
}
