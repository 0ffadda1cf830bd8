//! The tools of this machine's stack.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use accounts::{KeyArguments, KeyringArguments, RedisArguments};
use anyhow::Context;
use clap::Args;
use identity::IdentityArguments;
use mcp::{Backends, ProtocolArguments, Serving};
use rpc::ServerArguments;
use runtime::Life;
use shop::Shop;
use tokio::net::TcpListener;

use super::free_port;
use crate::{folders::tools_file, tools::write_if_missing};

/// The settings of tools.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tools")]
pub(crate) struct ToolArguments {
    /// The file that describes the tools; one with the files of a folder is written where there is none
    #[arg(long, env = "ONDOL_TOOLS", value_name = "FILE", default_value_os_t = tools_file())]
    tools: PathBuf,
    /// Where mcp is served; port 0 takes a free one
    #[arg(long, env = "ONDOL_MCP_LISTEN", default_value = "127.0.0.1:50053", value_name = "ADDRESS:PORT",
          value_parser = arguments::address)]
    mcp_listen: SocketAddr,
}

impl ToolArguments {
    /// The same with mcp on a free port.
    pub(crate) fn on_a_free_port(self) -> Self {
        Self { mcp_listen: free_port(), ..self }
    }
}

/// Opens the example's shop, if the tools are over it. Without it, they answer that it cannot be reached.
async fn open_shop(tools: &Path, life: &Life) {
    let described = tokio::fs::read_to_string(tools).await.unwrap_or_default();
    if !described.contains(shop::ADDRESS) {
        return;
    }
    match TcpListener::bind(shop::ADDRESS).await {
        Ok(listener) => {
            let end = life.draining();
            life.spawn("shop", async move { shop::serve(&Shop::default(), listener, end).await });
        }
        Err(error) => {
            tracing::warn!("the example's shop is not open, since {} cannot be had: {error}", shop::ADDRESS);
        }
    }
}

/// Starts mcp, which lets the same callers in as api.
pub(super) async fn start(
    arguments: ToolArguments,
    backends: Backends,
    (key, identities): (&KeyArguments, IdentityArguments),
    (accounts, server): (RedisArguments, ServerArguments),
    life: &Life,
) -> anyhow::Result<Serving> {
    let ToolArguments { tools, mcp_listen } = arguments;
    write_if_missing(&tools).with_context(|| format!("writing {}", tools.display()))?;
    open_shop(&tools, life).await;
    let arguments = mcp::Arguments {
        listen: mcp_listen,
        tools,
        protocol: ProtocolArguments { keys: key.clone(), ..ProtocolArguments::default() },
        accounts,
        keyring: KeyringArguments::default(),
        identities,
        objects: None,
        server,
    };
    Ok(mcp::start_on(backends, arguments, &life.component("mcp")).await?)
}
