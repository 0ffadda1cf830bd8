//! From arguments to a served port.

use std::net::SocketAddr;

use proto::inference::v1::inference_service_server::InferenceServiceServer;
use rpc::{Trust, Upstream, UpstreamMetrics, UpstreamName};
use runtime::Life;
use service::{Door, Port};
use tonic::service::interceptor::InterceptedService;

use crate::{
    ApiError, Arguments,
    grpc::{Authenticate, Inference},
    keys::Keys,
};

/// The service that runs the models.
#[derive(Clone, Copy, Debug)]
pub struct LlmInference;

impl UpstreamName for LlmInference {
    const NAME: &'static str = "llm-inference";
    const DEFAULT_URL: &'static str = "http://127.0.0.1:50052";
}

/// Serves until `life` drains; returns where.
pub async fn start(arguments: Arguments, life: Life) -> Result<SocketAddr, ApiError> {
    let authenticate = Authenticate::new(Keys::load(&arguments.keys)?);
    let door = Door {
        listen: arguments.listen,
        arguments: &arguments.server,
        trust: Trust::Nobody,
        descriptors: &[proto::DESCRIPTORS],
    };
    let port = Port::open(&door, &life)?;
    let metrics = life.register(UpstreamMetrics::register);
    let upstream = Upstream::connect(&arguments.llm_inference.settings, &metrics)?;

    let connected = upstream.connected();
    closing(upstream.clone(), &life);
    let (address, limits) = (port.address(), port.message_limits());
    let inference = InferenceServiceServer::new(Inference::new(upstream))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    port.with_while(InterceptedService::new(inference, authenticate), connected).serve(&life);
    Ok(address)
}

/// Has the drain wait until the connections to an upstream are closed.
fn closing(upstream: Upstream, life: &Life) {
    let draining = life.draining();
    life.spawn("upstream", async move {
        draining.await;
        upstream.closed().await;
    });
}
