//! The whole stack in one process, composed of the same libraries that the services' own binaries are made of.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::KeyArguments;
use clap::Args;
use engine::Runtime;
use llm_inference::{ModelArguments, Serving};
use models::import::Options;
use rpc::{ServerArguments, UpstreamArguments, UpstreamSettings};
use runtime::Life;
use tokio::task::spawn_blocking;

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
    pub(crate) engine: engine::Arguments,
    #[command(flatten)]
    server: ServerArguments,
}

impl StackArguments {
    /// The folder of the models.
    pub(crate) fn models_folder(&self) -> &Path {
        &self.models.path
    }
}

/// The running stack.
pub(crate) struct Stack {
    /// Where the api is served.
    pub(crate) api: SocketAddr,
    /// The models behind it.
    pub(crate) inference: Serving,
    /// Whether the api speaks TLS.
    pub(crate) secure: bool,
    /// What they run on.
    pub(crate) runtime: Runtime,
}

impl Stack {
    /// Starts llm-inference on a free port of the loopback interface, then api at `listen`, which lets `key` in.
    /// What callers can do to a public port is set for api; llm-inference has it too, without TLS.
    pub(crate) async fn start(
        arguments: StackArguments,
        listen: SocketAddr,
        key: &str,
        life: &Life,
    ) -> anyhow::Result<Self> {
        // api comes last, and nobody should wait for the weights to hear that its port is taken.
        service::check_address(listen)?;
        let StackArguments { models, first_model, names, engine, server } = arguments;
        if let Some(file) = first_model {
            let models = models.clone();
            spawn_blocking(move || import_missing(&file, &models, Options::default())).await??;
        }
        let inner = ServerArguments { tls_cert: None, tls_key: None, tls_client_ca: None, ..server.clone() };
        let inference = llm_inference::Arguments {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            models: ModelArguments { models: models.path, names },
            engine,
            server: inner,
        };
        let runtime = Runtime::load(&inference.engine.runtime.onnxruntime_library)?;
        let inference =
            llm_inference::start_on(runtime.clone(), inference, life.component("llm-inference")).await?;
        let keys = KeyArguments {
            api_keys_file: None,
            api_keys: vec![format!("{}:{}", development_key::NAME, digest(key))],
        };
        let url = format!("http://{}", inference.address).parse().context("the address of llm-inference")?;
        let upstream =
            UpstreamSettings { timeout: server.max_deadline, ..UpstreamSettings::new("llm-inference", url) };
        let secure = server.tls_cert.is_some();
        let api = api::Arguments { listen, keys, llm_inference: UpstreamArguments::from(upstream), server };
        let api = api::start(api, life.component("api")).await?;
        Ok(Self { api, inference, secure, runtime })
    }
}
