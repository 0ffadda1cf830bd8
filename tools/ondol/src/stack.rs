//! The whole stack in one process, composed of the same libraries that the services' own binaries are made of.

mod backends;
mod tools;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use accounts::{KeyArguments, KeyringArguments};
use anyhow::Context;
use clap::Args;
use engine::Runtime;
use identity::IdentityArguments;
use llm_inference::{Checks, ModelArguments, Serving};
use models::import::Options;
use rpc::{BrowserArguments, ServerArguments, UpstreamArguments, UpstreamSettings};
use runtime::Life;
use tokio::task::spawn_blocking;
use tonic::transport::Uri;
use worker::{Connections, WorkArguments};

use self::{
    backends::{BackendArguments, Opened},
    tools::ToolArguments,
};
use crate::{development_key, folders::ModelsFolder, keys::digest, model::import_missing};

/// What the stack is made of.
#[derive(Args, Clone, Debug)]
pub(crate) struct StackArguments {
    #[command(flatten)]
    models: ModelsFolder,
    /// A GGUF file to import first, where no package in the folder was made of it
    #[arg(long, env = "ONDOL_FIRST_MODEL", value_name = "FILE", help_heading = "Model")]
    first_model: Option<PathBuf>,
    /// A model to serve, repeatable [default: every model in the folder]
    #[arg(
        long = "model",
        env = "ONDOL_SERVE",
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "Model"
    )]
    names: Vec<String>,
    #[command(flatten)]
    checks: Checks,
    #[command(flatten)]
    pub(crate) engine: engine::Arguments,
    #[command(flatten)]
    backends: BackendArguments,
    #[command(flatten)]
    tools: ToolArguments,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    browsers: BrowserArguments,
    #[command(flatten)]
    identities: IdentityArguments,
}

impl StackArguments {
    /// The same with every service but api on a free port, for a stack beside another.
    pub(crate) fn beside_others(self) -> Self {
        Self { tools: self.tools.on_a_free_port(), ..self }
    }

    /// The folder of the models.
    pub(crate) fn models_folder(&self) -> &Path {
        &self.models.path
    }
}

/// Port 0 of the loopback interface, which stands for any free one.
pub(crate) fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The running stack.
pub(crate) struct Stack {
    /// Where the api is served.
    pub(crate) api: SocketAddr,
    /// The models behind it.
    pub(crate) inference: Serving,
    /// Where the tools are served.
    pub(crate) mcp: SocketAddr,
    /// How the api speaks TLS, if it does.
    pub(crate) tls: Option<ServedTls>,
    /// What they run on.
    pub(crate) runtime: Runtime,
}

/// The api's TLS, as far as its callers have to know.
pub(crate) struct ServedTls {
    /// The file of the certificate that it shows.
    pub(crate) certificate: PathBuf,
    /// Whether callers must show one too.
    pub(crate) mutual: bool,
}

impl Stack {
    /// Starts llm-inference on a free port of the loopback interface, mcp, a worker, then api at `listen`, which lets `key` in.
    /// What callers can do to a public port is set for api; llm-inference has it too, without TLS.
    pub(crate) async fn start(
        arguments: StackArguments,
        listen: SocketAddr,
        key: &str,
        life: &Life,
    ) -> anyhow::Result<Self> {
        // api comes last, and nobody should wait for the weights to hear what is wrong with its port.
        service::check(listen, &arguments.server)?;
        let StackArguments {
            models,
            first_model,
            names,
            checks,
            engine,
            backends,
            tools,
            server,
            browsers,
            identities,
        } = arguments;
        let opened = backends.open().await?;
        if let Some(file) = first_model {
            let models = models.clone();
            spawn_blocking(move || import_missing(&file, &models, Options::default())).await??;
        }
        let inner = ServerArguments { tls_cert: None, tls_key: None, tls_client_ca: None, ..server.clone() };
        let inference = llm_inference::Arguments {
            listen: free_port(),
            models: ModelArguments { models: models.path, names, checks },
            engine,
            server: inner.clone(),
        };
        let runtime = Runtime::load(&inference.engine.runtime.onnxruntime_library)?;
        let inference =
            llm_inference::start_on(runtime.clone(), inference, life.component("llm-inference")).await?;
        let upstream = upstream(&inference, &server)?;
        let keys = KeyArguments {
            api_keys_file: None,
            api_keys: vec![format!("{}:{}:admin", development_key::NAME, digest(key))],
        };
        let (callers, reach) = ((&keys, identities.clone()), (backends.accounts.clone(), inner));
        let mcp = tools::start(tools, opened.for_mcp(), callers, reach, life).await?.address;
        let to_mcp = UpstreamSettings::new("mcp", url_of(mcp)?);
        work(&opened, &backends.work, [&upstream, &to_mcp], life)?;
        let mutual = server.tls_client_ca.is_some();
        let tls = server.tls_cert.clone().map(|certificate| ServedTls { certificate, mutual });
        let api = api::Arguments {
            listen,
            keys,
            accounts: backends.accounts,
            keyring: KeyringArguments::default(),
            identities,
            limits: backends.call_limits,
            llm_inference: UpstreamArguments::from(upstream),
            routes: api::RouteArguments::default(),
            mcp: UpstreamArguments::from(to_mcp),
            redis: None,
            objects: None,
            artifacts: backends.artifacts,
            server,
            browsers,
        };
        let api = api::start_on(&opened.for_api(), api, &life.component("api"))?;
        Ok(Self { api, inference, mcp, tls, runtime })
    }
}

/// The way to the llm-inference of this process.
fn upstream(inference: &Serving, server: &ServerArguments) -> anyhow::Result<UpstreamSettings> {
    let url = url_of(inference.address)?;
    Ok(UpstreamSettings { timeout: server.max_deadline, ..UpstreamSettings::new("llm-inference", url) })
}

fn url_of(address: SocketAddr) -> anyhow::Result<Uri> {
    format!("http://{address}").parse().context("the address of a service of this process")
}

/// Starts the worker of this process.
fn work(
    opened: &Opened,
    work: &WorkArguments,
    upstreams: [&UpstreamSettings; 2],
    life: &Life,
) -> anyhow::Result<()> {
    let life = life.component("worker");
    let [llm_inference, mcp] = worker::connect(upstreams, &life)?;
    let connections = Connections {
        queue: opened.queue.clone(),
        heart: opened.heart.clone(),
        objects: opened.objects.clone(),
        llm_inference,
        mcp: Some(mcp),
    };
    Ok(worker::start_on(connections, work, &life)?)
}
