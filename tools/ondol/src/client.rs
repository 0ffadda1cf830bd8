//! The way to a server.

mod credential;
mod explanation;
mod transfer;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;
use http::HeaderValue;
use prometheus_client::registry::Registry;
use proto::{
    admin::v1::api_key_service_client::ApiKeyServiceClient,
    artifacts::v1::artifact_service_client::ArtifactServiceClient,
    inference::v1::{ListModelsRequest, inference_service_client::InferenceServiceClient},
    jobs::v1::job_service_client::JobServiceClient,
    tools::v1::tool_service_client::ToolServiceClient,
};
use rpc::{RequestId, Upstream, UpstreamMetrics, UpstreamSettings};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Uri,
};

use crate::folders::DevelopmentKeyFile;
use credential::Door;
pub(crate) use credential::is_here;
use explanation::{SERVER, Way};
pub(crate) use transfer::Download;

/// Where clients look by themselves, which is where `ondol up` serves.
pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:50051";

/// The longest generation that a terminal waits for.
const PATIENCE: Duration = Duration::from_mins(30);

/// Where the server is, and with which key, which no `Debug` shows.
#[derive(Args, Clone)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The api's address: http://HOST:PORT, or https://HOST:PORT with --tls-ca
    #[arg(long, env = "ONDOL_SERVER", default_value = DEFAULT_SERVER, value_name = "URL", value_parser = rpc::parse_url)]
    pub(crate) server: Uri,
    /// The API key [default: for a server on this machine, the one that `ondol up` made; none with --tls-cert]
    #[arg(long, env = "ONDOL_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
    #[command(flatten)]
    pub(crate) key_file: DevelopmentKeyFile,
    /// PEM file of the authority that signed the server's certificate, for https
    #[arg(long, env = "ONDOL_SERVER_CA", value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// PEM file of the certificate to show to a server that asks for one (mutual TLS)
    #[arg(long, env = "ONDOL_SERVER_CERT", value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// PEM file of the private key that belongs to --tls-cert
    #[arg(long, env = "ONDOL_SERVER_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// A connected client.
pub(crate) struct Client {
    inference: InferenceServiceClient<Channel>,
    jobs: JobServiceClient<Channel>,
    artifacts: ArtifactServiceClient<Channel>,
    tools: ToolServiceClient<Channel>,
    keys: ApiKeyServiceClient<Channel>,
    channel: Channel,
    authorization: Option<HeaderValue>,
    upstream: Upstream,
    way: Way,
}

/// The way that all calls take, with the key where one goes with them.
pub(crate) type Channel = InterceptedService<Upstream, Bearer>;

/// Sends the key with every call, if there is one.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert("authorization", key.clone());
        }
        Ok(request)
    }
}

impl Connection {
    /// Runs `work` with a connected client, on a runtime of its own.
    pub(crate) fn block_on<T>(
        &self,
        work: impl AsyncFnOnce(Client) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.block_at(Door::Guarded, work)
    }

    /// The same for what servers tell everybody: no key is needed there, and only one that was given is sent.
    pub(crate) fn block_on_open<T>(
        &self,
        work: impl AsyncFnOnce(Client) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.block_at(Door::Open, work)
    }

    fn block_at<T>(
        &self,
        door: Door,
        work: impl AsyncFnOnce(Client) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        runtime::install_crypto_provider();
        let executor = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        executor.block_on(async { work(self.connect_at(door)?).await })
    }

    /// The way to a server in this process.
    pub(crate) fn local(address: SocketAddr, key: String) -> anyhow::Result<Self> {
        let server = format!("http://{address}").parse().context("the server's address")?;
        Ok(Self {
            server,
            api_key: Some(key),
            key_file: DevelopmentKeyFile::default(),
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
        })
    }

    /// Connects, lazily: a server that is not there is found out by the first call.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        self.connect_at(Door::Guarded)
    }

    fn connect_at(&self, door: Door) -> anyhow::Result<Client> {
        // The client stack would name flags that a service has and this command line does not.
        let secure = self.server.scheme_str() == Some("https");
        ensure!(secure == self.tls_ca.is_some(), "an https --server and --tls-ca need each other");
        ensure!(secure || self.tls_cert.is_none(), "--tls-cert is for an https --server");
        let key = credential::key(self, door)?.as_deref().map(bearer).transpose()?;
        let authorization = key.as_ref().map(|key| HeaderValue::from_bytes(key.as_bytes())).transpose()?;
        let settings = UpstreamSettings {
            flags: "",
            tls_ca: self.tls_ca.clone(),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
            timeout: PATIENCE,
            connect_timeout: Duration::from_secs(3),
            ..UpstreamSettings::new(SERVER, self.server.clone())
        };
        let metrics = UpstreamMetrics::register(&mut Registry::default());
        let upstream = Upstream::connect(&settings, &metrics)?;
        let channel = InterceptedService::new(upstream.clone(), Bearer(key));
        Ok(Client {
            inference: InferenceServiceClient::new(channel.clone()),
            jobs: JobServiceClient::new(channel.clone()),
            artifacts: ArtifactServiceClient::new(channel.clone()),
            tools: ToolServiceClient::new(channel.clone()),
            keys: ApiKeyServiceClient::new(channel.clone()),
            channel,
            authorization,
            way: Way { server: self.server.clone(), identified: self.tls_cert.is_some() },
            upstream,
        })
    }
}

fn bearer(key: &str) -> anyhow::Result<MetadataValue<Ascii>> {
    let mut value: MetadataValue<Ascii> =
        format!("Bearer {key}").parse().context("the API key holds characters that no key has")?;
    value.set_sensitive(true);
    Ok(value)
}

impl Client {
    /// The generated client.
    pub(crate) fn rpc(&mut self) -> &mut InferenceServiceClient<Channel> {
        &mut self.inference
    }

    /// The generated client of jobs.
    pub(crate) fn jobs(&mut self) -> &mut JobServiceClient<Channel> {
        &mut self.jobs
    }

    /// The generated client of artifacts.
    pub(crate) fn artifacts(&mut self) -> &mut ArtifactServiceClient<Channel> {
        &mut self.artifacts
    }

    /// The generated client of tools.
    pub(crate) fn tools(&mut self) -> &mut ToolServiceClient<Channel> {
        &mut self.tools
    }

    /// The generated client of keys.
    pub(crate) fn keys(&mut self) -> &mut ApiKeyServiceClient<Channel> {
        &mut self.keys
    }

    /// The way of all of them, for calls that no generated client makes.
    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A status of one of its calls as a person reads it.
    pub(crate) fn explained(&self, status: Status) -> anyhow::Error {
        self.way.explain(status, self.upstream.last_failure().as_ref(), None)
    }

    /// The same of a call that was made under this id, for where the server tells none.
    pub(crate) fn explained_as(&self, status: Status, id: &RequestId) -> anyhow::Error {
        self.way.explain(status, self.upstream.last_failure().as_ref(), Some(id.as_str()))
    }

    /// The model that was asked for, or the first that the server has.
    pub(crate) async fn model(&mut self, asked: Option<&str>) -> anyhow::Result<String> {
        if let Some(asked) = asked {
            return Ok(asked.to_owned());
        }
        let models = self.inference.list_models(ListModelsRequest::default()).await;
        match models.map_err(|status| self.explained(status))?.into_inner().models.into_iter().next() {
            Some(model) => Ok(model.id),
            None => bail!(
                "{} may use none of the server's models, or the server has none; `ondol keys list` shows an administrator \
                 what a key allows",
                if self.authorization.is_some() { "this key" } else { "this certificate" }
            ),
        }
    }
}
