//! From arguments to a served port.

use std::{net::SocketAddr, sync::Arc};

use accounts::{Clock, Keyring, Keys};
use arc_swap::{ArcSwap, ArcSwapOption};
use identity::{Callers, Identities};
use proto::tools::v1::{
    tool_service_server::ToolServiceServer, webhook_service_server::WebhookServiceServer,
};
use rpc::Trust;
use runtime::Life;
use service::{Door, Port};
use tools::{Mounted, Registry};

use crate::{
    Arguments, Assembly, Backends, Config, McpError, Means,
    arguments::tools_file,
    grpc::{Tools, Webhooks},
    outbox::Outbox,
    prompts::Prompt,
    protocol,
    reload::{self, Reload},
    resources::{Answers, Resources},
};

/// The service, once it serves.
#[derive(Clone)]
pub struct Serving {
    /// Where gRPC and `/mcp` are served.
    pub address: SocketAddr,
    /// The tools of this moment.
    pub registry: Registry,
}

/// What all faces show, replaced as one when the configuration changes.
#[derive(Clone, Default)]
pub struct Faces {
    /// The tools.
    pub registry: Registry,
    pub(crate) outbox: Arc<ArcSwapOption<Outbox>>,
    pub(crate) resources: Arc<ArcSwap<Vec<Arc<dyn Resources>>>>,
    pub(crate) prompts: Arc<ArcSwap<Vec<Arc<dyn Prompt>>>>,
}

impl Faces {
    /// Shows these in the place of those before.
    pub fn show(
        &self,
        tools: Vec<Mounted>,
        resources: Vec<Arc<dyn Resources>>,
        prompts: Vec<Arc<dyn Prompt>>,
    ) {
        self.resources.store(Arc::new(resources));
        self.prompts.store(Arc::new(prompts));
        self.registry.replace(tools);
    }

    pub(crate) fn show_all(&self, assembly: &Assembly) {
        self.outbox.store(assembly.outbox.clone());
        self.show(assembly.current(), assembly.resources.clone(), assembly.prompts.clone());
    }
}

/// Opens the stores that the arguments name, and serves until `life` drains.
pub async fn start(arguments: Arguments, life: Life) -> Result<Serving, McpError> {
    let backends = Backends::open(&arguments).await?;
    start_on(backends, arguments, &life).await
}

/// The same on stores that the process has already.
pub async fn start_on(backends: Backends, arguments: Arguments, life: &Life) -> Result<Serving, McpError> {
    let means = life.register(|registry| Means::register(registry, backends.objects.clone()));
    let text = reload::text(&arguments.tools).await.unwrap_or_default();
    let file = tools_file(&arguments.tools);
    let config = Config::of(&file)?;
    if config.is_bare() && !config.no_tools {
        tracing::warn!(file = %arguments.tools.display(), "the file describes no tools");
    }
    let faces = Faces::default();
    let mut assembly = Assembly::of(&config, &means).await.map_err(|error| error.in_file(&file))?;
    assembly.begin(life);
    faces.show_all(&assembly);

    let webhooks = Webhooks::new(Arc::clone(&faces.outbox), means.webhooks.clone());
    let address = serve(&arguments, (&faces, webhooks), backends, life).await?;
    let reload = Reload {
        path: arguments.tools,
        means,
        faces: faces.clone(),
        assembly,
        text,
        problem: None,
        is_away: false,
        metrics: life.register(reload::Metrics::register),
        life: life.clone(),
    };
    life.spawn("reload", reload.follow());
    Ok(Serving { address, registry: faces.registry })
}

async fn serve(
    arguments: &Arguments,
    (faces, webhooks): (&Faces, Webhooks),
    backends: Backends,
    life: &Life,
) -> Result<SocketAddr, McpError> {
    let door = Door {
        listen: arguments.listen,
        arguments: &arguments.server,
        trust: Trust::Callers,
        descriptors: &[proto::DESCRIPTORS],
        paths: &protocol::PATHS,
        public: None,
    };
    let port = Port::open(&door, life)?;
    let (address, limits) = (port.address(), port.message_limits());
    let answers = backends.objects.clone().map(Answers::new);
    let server = ToolServiceServer::new(Tools::new(faces.registry.clone(), answers))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    let webhooks = WebhookServiceServer::new(webhooks)
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    let mut port = port.with(server).with(webhooks);
    if let Some(callers) = callers(arguments, &backends, life)? {
        let routes = protocol::routes(faces, backends.objects, callers, &arguments.protocol, life).await?;
        port = port.with_http(routes);
    } else {
        tracing::info!(
            "/mcp is not served: nobody may call it; give --api-keys-file, --api-key, --accounts-redis-url or --identities-file"
        );
    }
    port.serve(life);
    Ok(address)
}

/// Who may call `/mcp`, if anybody could: whoever holds a key, or is known by a token or a certificate.
fn callers(arguments: &Arguments, backends: &Backends, life: &Life) -> Result<Option<Callers>, McpError> {
    let identities = identities(arguments, life)?;
    let known = identities.have_issuers() || identities.have_certificates();
    let keyring = keyring(arguments, backends, known, life)?;
    Ok(keyring.map(|keyring| Callers::new(keyring, identities)))
}

/// The issuers whose tokens are accepted, their keys kept fresh until `life` drains, and the callers that are known by
/// their certificates.
fn identities(arguments: &Arguments, life: &Life) -> Result<Identities, McpError> {
    let metrics = life.register(identity::Metrics::register);
    let identities = Identities::load(&arguments.identities, metrics, Clock::default())?;
    if identities.have_certificates() && arguments.server.tls_client_ca.is_none() {
        // The file may be api's, which is asked for them.
        tracing::warn!(
            "nobody asks callers of /mcp for their certificates: give --tls-client-ca to know them"
        );
    }
    if identities.have_issuers() {
        life.spawn("identities", identities.clone().run(life.draining()));
    }
    Ok(identities)
}

/// The keys of the file, and those of the store, kept fresh until `life` drains; none where there is neither, and nobody is
/// known otherwise.
fn keyring(
    arguments: &Arguments,
    backends: &Backends,
    known_otherwise: bool,
    life: &Life,
) -> Result<Option<Keyring>, McpError> {
    let file = Keys::load_beside_a_store(&arguments.protocol.keys)?;
    if let Some(name) = file.limited() {
        tracing::warn!(
            key = name,
            "this key has limits, which /mcp does not hold: policies of tools bound its calls"
        );
    }
    let Some(store) = backends.keys.clone() else {
        return Ok((!file.is_empty() || known_otherwise).then(|| Keyring::of_file(file)));
    };
    let (keyring, refresher) = Keyring::with_store(file, store, &arguments.keyring, Clock::default());
    life.spawn("keys", refresher.run(life.draining()));
    Ok(Some(keyring))
}
