//! mcp over two shops.

use std::{fmt::Write, fs, net::SocketAddr, time::Duration};

use anyhow::Context;
use clap::Parser;
use contract::message_struct;
use proto::tools::v1::{CallToolRequest, CallToolResponse, tool_service_client::ToolServiceClient};
use runtime::Life;
use serde_json::json;
use shop::Shop;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// How often, and how long after each other, a connection is tried.
const ATTEMPTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);
/// Things that the shops sell, asked for in turn.
const ITEMS: [&str; 4] = ["desk-red", "lamp-blue", "chair-oak", "clock-old"];

use super::apart::Apart;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: mcp::Arguments,
}

/// The service, and what it calls.
pub(super) struct Stand {
    pub(super) shops: [Shop; 2],
    /// Where the first shop is.
    pub(super) upstream: String,
    channel: Channel,
    http: reqwest::Client,
    _folder: TempDir,
    apart: Option<Apart>,
}

impl Stand {
    /// Tools `one_item`, `two_item` and `one_kept`, the last of which keeps its answers, with `policy` for all; everything in
    /// this process.
    pub(super) async fn start(policy: &str, life: &Life) -> anyhow::Result<Self> {
        Self::with(policy, life, async |tools| {
            let line = ["mcp", "--listen=127.0.0.1:0", "--tools", tools];
            let line = Line::try_parse_from(line)?;
            let serving = Box::pin(mcp::start(line.service, life.clone())).await?;
            Ok((serving.address, None))
        })
        .await
    }

    /// The same with mcp in a process of its own, on this processor.
    pub(super) async fn apart(processor: Option<usize>, life: &Life) -> anyhow::Result<Self> {
        Self::with("", life, async |tools| {
            let (address, apart) = Apart::start(tools, processor)?;
            Ok((address, Some(apart)))
        })
        .await
    }

    async fn with(
        policy: &str,
        life: &Life,
        serve: impl AsyncFnOnce(&str) -> anyhow::Result<(SocketAddr, Option<Apart>)>,
    ) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let (mut text, shops) = (format!("[policy]\n{policy}\n"), [Shop::default(), Shop::default()]);
        let mut upstream = String::new();
        for (name, shop) in ["one", "two"].into_iter().zip(&shops) {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            let (shop, end) = (shop.clone(), life.draining());
            life.spawn("shop", async move { shop::serve(&shop, listener, end).await });
            write!(text, "{}", described(name, &address.to_string()))?;
            if upstream.is_empty() {
                upstream = format!("http://{address}");
            }
        }
        text.push_str("[tools.one_kept]\ncache_ttl = \"1h\"\n");
        let tools = folder.path().join("tools.toml");
        fs::write(&tools, text)?;
        let (address, apart) = serve(tools.to_str().context("a path that is text")?).await?;
        let channel = connected(address).await?;
        Ok(Self { shops, upstream, channel, http: reqwest::Client::new(), _folder: folder, apart })
    }

    /// Calls a tool, and says what became of it.
    pub(super) fn call(
        &self,
        tool: &str,
        turn: usize,
    ) -> impl Future<Output = Result<CallToolResponse, Status>> + Send + use<> {
        let item = ITEMS.get(turn % ITEMS.len()).copied().unwrap_or_default();
        let arguments = json!({ "id": item });
        let arguments = arguments.as_object().map(message_struct);
        let mut request = Request::new(CallToolRequest { name: format!("tools/{tool}"), arguments });
        for (name, value) in [("x-ondol-principal", "bench"), ("x-ondol-grants", "scopes=")] {
            request.metadata_mut().insert(name, tonic::metadata::MetadataValue::from_static(value));
        }
        let mut client = ToolServiceClient::new(self.channel.clone());
        async move { client.call_tool(request).await.map(tonic::Response::into_inner) }
    }

    /// How long mcp has used a processor, where it is a process of its own.
    pub(super) fn busy(&self) -> anyhow::Result<Duration> {
        self.apart.as_ref().context("mcp runs in this process")?.busy()
    }

    /// A call by gRPC that does nothing.
    pub(super) fn nothing(&self) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let mut client = HealthClient::new(self.channel.clone());
        async move {
            client.check(HealthCheckRequest { service: String::new() }).await?;
            Ok(())
        }
    }

    /// The first shop's answer without a tool.
    pub(super) fn directly(&self, turn: usize) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let item = ITEMS.get(turn % ITEMS.len()).copied().unwrap_or_default();
        let request = self.http.get(format!("{}/items/{item}", self.upstream));
        async move {
            let body = request.send().await?.error_for_status()?.bytes().await?;
            serde_json::from_slice::<serde_json::Value>(&body)?;
            Ok(())
        }
    }
}

/// A connection to what may still be starting.
async fn connected(address: SocketAddr) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    for _ in 0..ATTEMPTS {
        if let Ok(channel) = endpoint.connect().await {
            return Ok(channel);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(endpoint.connect().await?)
}

fn described(name: &str, address: &str) -> String {
    let tool = |tool: &str| {
        format!(
            "[http.{name}.tools.{tool}]\ndescription = \"One item.\"\npath = \"/items/{{id}}\"\n\
             parameters.id = {{ type = \"string\" }}\n"
        )
    };
    format!(
        "[http.{name}]\nurl = \"http://{address}\"\nplain_http = true\nprivate = [\"127.0.0.0/8\"]\n{}{}",
        tool("item"),
        tool("kept")
    )
}
