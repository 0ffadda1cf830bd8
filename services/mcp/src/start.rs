//! From arguments to a served port.

use std::{net::SocketAddr, sync::Arc};

use accounts::Keys;
use arc_swap::{ArcSwap, ArcSwapOption};
use objects::Objects;
use proto::tools::v1::{
    tool_service_server::ToolServiceServer, webhook_service_server::WebhookServiceServer,
};
use rpc::Trust;
use runtime::Life;
use service::{Door, Port};
use tools::{Mounted, Registry};

use crate::{
    Arguments, Assembly, Config, McpError, Means,
    grpc::{Tools, Webhooks},
    outbox::Outbox,
    prompts::Prompt,
    protocol,
    reload::{self, Reload},
    resources::Resources,
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

/// Opens the store that the arguments name, and serves until `life` drains.
pub async fn start(arguments: Arguments, life: Life) -> Result<Serving, McpError> {
    let objects = match &arguments.objects {
        Some(objects) => Some(objects.open().await?),
        None => None,
    };
    start_on(objects, arguments, &life).await
}

/// The same on a store that the process has already.
pub async fn start_on(
    objects: Option<Arc<dyn Objects>>,
    arguments: Arguments,
    life: &Life,
) -> Result<Serving, McpError> {
    let means = life.register(|registry| Means::register(registry, objects.clone()));
    let text = reload::text(&arguments.tools).await.unwrap_or_default();
    let config = Config::read(&arguments.tools)?;
    if config.is_bare() && !config.no_tools {
        tracing::warn!(file = %arguments.tools.display(), "the file describes no tools");
    }
    let faces = Faces::default();
    let mut assembly = Assembly::of(&config, &means).await?;
    assembly.begin(life);
    faces.show_all(&assembly);

    let webhooks = Webhooks::new(Arc::clone(&faces.outbox), means.webhooks.clone());
    let address = serve(&arguments, (&faces, webhooks), objects, life).await?;
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
    objects: Option<Arc<dyn Objects>>,
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
    let server = ToolServiceServer::new(Tools::new(faces.registry.clone()))
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    let webhooks = WebhookServiceServer::new(webhooks)
        .max_decoding_message_size(limits.decoding)
        .max_encoding_message_size(limits.encoding);
    let mut port = port.with(server).with(webhooks);
    if arguments.protocol.is_served() {
        let keys = Keys::load(&arguments.protocol.keys)?;
        let routes = protocol::routes(faces, objects, keys, &arguments.protocol, life).await?;
        port = port.with_http(routes);
    } else {
        tracing::info!("/mcp is not served: no key may call it; give --api-keys-file or --api-key");
    }
    port.serve(life);
    Ok(address)
}
