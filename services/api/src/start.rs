//! From arguments to a served port.

use std::net::SocketAddr;

use accounts::{Clock, Keyring, Keys, LimitTable, Limiter};
use identity::Identities;
use proto::{
    admin::v1::api_key_service_server::ApiKeyServiceServer,
    artifacts::v1::artifact_service_server::ArtifactServiceServer,
    inference::v1::inference_service_server::InferenceServiceServer,
    jobs::v1::job_service_server::JobServiceServer, tools::v1::tool_service_server::ToolServiceServer,
};
use rpc::{Trust, Upstream, UpstreamMetrics, UpstreamName, UpstreamSettings};
use runtime::Life;
use service::{Door, Port};
use tokio::sync::{oneshot, watch};

use crate::{
    ApiError, Arguments, Backends, RouteArguments,
    auth::Authenticate,
    desk::Desk,
    door,
    grpc::{Admission, ApiKeys, Artifacts, Dispatch, Inference, Jobs, Metrics, Tools},
    http, public,
    reachable::reachable,
    results::Results,
    routes,
    seal::Seal,
};

/// The service that runs the models.
#[derive(Clone, Copy, Debug)]
pub struct LlmInference;

impl UpstreamName for LlmInference {
    const NAME: &'static str = "llm-inference";
    const DEFAULT_URL: &'static str = "http://127.0.0.1:50052";
}

/// The service that has the tools.
#[derive(Clone, Copy, Debug)]
pub struct Mcp;

impl UpstreamName for Mcp {
    const NAME: &'static str = "mcp";
    const DEFAULT_URL: &'static str = "http://127.0.0.1:50053";
}

/// Opens the queue and the store that the arguments name, and serves until `life` drains; returns where.
pub async fn start(arguments: Arguments, life: Life) -> Result<SocketAddr, ApiError> {
    let backends = Backends::open(&arguments).await?;
    serve(&backends, arguments, &life, backends.clone().close())
}

/// The same on a queue and a store that the process has already.
pub fn start_on(backends: &Backends, arguments: Arguments, life: &Life) -> Result<SocketAddr, ApiError> {
    serve(backends, arguments, life, async {})
}

/// Serves, and does `after` when the last call has ended.
fn serve(
    backends: &Backends,
    arguments: Arguments,
    life: &Life,
    after: impl Future<Output = ()> + Send + 'static,
) -> Result<SocketAddr, ApiError> {
    let identities = identities(&arguments, life)?;
    let keyring = keyring(backends, &arguments, &identities, life)?;
    let (admission, answered) = admission(backends, &arguments, keyring.file(), life)?;
    let (seal, authenticate) = (Seal::of(keyring.file()), Authenticate::new(keyring, identities));
    let public = public::public(&arguments.server, arguments.browsers)?;
    let document = public::document(&public);
    let door = Door {
        listen: arguments.listen,
        arguments: &arguments.server,
        trust: Trust::Nobody,
        descriptors: &[proto::DESCRIPTORS],
        paths: &http::PATHS,
        public: Some(public),
    };
    let port = Port::open(&door, life)?.with_http(document);
    let metrics = life.register(UpstreamMetrics::register);
    let dispatch = dispatch(&arguments.routes, &arguments.llm_inference.settings, &metrics, life)?;
    let tools = Upstream::connect(&arguments.mcp.settings, &metrics)?;
    close_at_drain(dispatch.only().into_iter().chain([tools.clone()]).collect(), life);
    let address = port.address();
    let bytes = arguments.server.max_message_bytes;
    let reachable = reachable(&dispatch, life);
    let port = port.kept_by(door::keeper(admission.clone(), dispatch.clone()));
    let inference = Inference::new(dispatch, admission.clone());
    let port = with_inference(port, inference, reachable, &authenticate, bytes);
    let port = with_tools(port, tools, admission.clone(), &authenticate);
    let port = with_keys(port, backends, &authenticate);
    let desk = Desk::of(backends, seal);
    let jobs = Jobs::new(desk, admission, life.clone());
    let after = async move {
        drop(answered);
        after.await;
    };
    with_jobs(port, (backends, jobs), (authenticate, arguments.artifacts), life).serve_then(life, after);
    Ok(address)
}

/// The issuers whose tokens are accepted, their keys kept fresh until `life` drains, and the callers that are known by
/// their certificates.
fn identities(arguments: &Arguments, life: &Life) -> Result<Identities, ApiError> {
    let metrics = life.register(identity::Metrics::register);
    let identities = Identities::load(&arguments.identities, metrics, Clock::default())?;
    if identities.have_certificates() && arguments.server.tls_client_ca.is_none() {
        return Err(ApiError::NoClientAuthority);
    }
    if identities.have_issuers() {
        life.spawn("identities", identities.clone().run(life.draining()));
    }
    Ok(identities)
}

/// The keys of the file, and those of the store where there is one, kept fresh until `life` drains.
fn keyring(
    backends: &Backends,
    arguments: &Arguments,
    identities: &Identities,
    life: &Life,
) -> Result<Keyring, ApiError> {
    let store = backends.keys.clone();
    let may_be_none = store.is_some() || identities.have_issuers() || identities.have_certificates();
    let file =
        if may_be_none { Keys::load_beside_a_store(&arguments.keys)? } else { Keys::load(&arguments.keys)? };
    let Some(store) = store else { return Ok(Keyring::of_file(file)) };
    if file.is_empty() && !identities.have_issuers() && !identities.have_certificates() {
        tracing::info!(
            "only stored keys open the door; to create the first one, give --api-keys-file a key with the scope `admin`"
        );
    }
    let (keyring, refresher) = Keyring::with_store(file, store, &arguments.keyring, Clock::default());
    life.spawn("keys", refresher.run(life.draining()));
    Ok(keyring)
}

/// What holds calls to limits, and what settles them until the last answer: then its caller drops what is returned
/// here.
fn admission(
    backends: &Backends,
    arguments: &Arguments,
    file: &Keys,
    life: &Life,
) -> Result<(Admission, oneshot::Sender<()>), ApiError> {
    let table = arguments.limits.table()?;
    let limited = table != LimitTable::default() || file.limited().is_some();
    if backends.counters.is_none() && limited {
        tracing::info!(
            "limits are counted by this process alone; where several replicas are to share them, \
             give --accounts-redis-url"
        );
    }
    let (limiter, settler) = Limiter::new(backends.counters(), table, arguments.limits.when_away())?;
    let (answered, end) = oneshot::channel();
    life.spawn("limits", settler.run(async { drop(end.await) }));
    Ok((Admission::new(limiter, life.register(Metrics::register)), answered))
}

/// The ways to the models, which follow the file of routes, if there is one, until `life` drains.
fn dispatch(
    routes: &RouteArguments,
    settings: &UpstreamSettings,
    upstreams: &UpstreamMetrics,
    life: &Life,
) -> Result<Dispatch, ApiError> {
    let metrics = life.register(routes::Metrics::register);
    let (routes, reload) = routes::open(routes, settings, upstreams, metrics)?;
    if let Some(reload) = reload {
        life.spawn("routes", reload.follow(life.clone()));
    }
    Ok(Dispatch::new(routes))
}

/// The models, by gRPC and by OpenAI's interface, whose bodies have the same size at most.
fn with_inference(
    port: Port,
    inference: Inference,
    connected: watch::Receiver<bool>,
    authenticate: &Authenticate,
    bytes: usize,
) -> Port {
    let limits = port.message_limits();
    let port = port.with_http(http::openai::routes(authenticate.clone(), inference.clone(), bytes));
    let inference = InferenceServiceServer::new(inference)
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    port.with_while(authenticate.guard(inference), connected)
}

fn with_tools(port: Port, upstream: Upstream, admission: Admission, authenticate: &Authenticate) -> Port {
    let (limits, connected) = (port.message_limits(), upstream.connected());
    let tools = ToolServiceServer::new(Tools::new(upstream, admission))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    port.with_while(authenticate.guard(tools), connected)
}

fn with_keys(port: Port, backends: &Backends, authenticate: &Authenticate) -> Port {
    let limits = port.message_limits();
    let keys = ApiKeyServiceServer::new(ApiKeys::new(backends.keys.clone()))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    port.with(authenticate.guard(keys))
}

/// Jobs, what they make, and its bytes. Without a queue or a store the services are there all the same, to say so.
fn with_jobs(
    port: Port,
    (backends, jobs): (&Backends, Jobs),
    (authenticate, arguments): (Authenticate, http::ArtifactArguments),
    life: &Life,
) -> Port {
    let limits = port.message_limits();
    let reachable = backends.queue_reachable(life);
    let stored = backends.store_reachable(life);
    let results = Results::of(backends);
    let jobs = JobServiceServer::new(jobs)
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    let artifacts = ArtifactServiceServer::new(Artifacts::new(results.clone()))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    port.with_while(authenticate.guard(jobs), reachable)
        .with_while(authenticate.guard(artifacts), stored)
        .with_http(http::routes(authenticate, results, arguments))
}

/// Has the drain wait until the connections to upstreams are closed.
fn close_at_drain(upstreams: Vec<Upstream>, life: &Life) {
    let draining = life.draining();
    life.spawn("upstream", async move {
        draining.await;
        for upstream in upstreams {
            upstream.closed().await;
        }
    });
}
