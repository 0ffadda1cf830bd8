//! The command line arguments of the service.

use std::{net::SocketAddr, path::PathBuf};

use accounts::KeyArguments;
use objects::ObjectsArguments;
use rpc::ServerArguments;

/// What mcp is told at its start.
///
/// Without a store, answers that are too large are refused instead of put away.
#[derive(clap::Args, Clone, Debug)]
#[command(mut_arg("objects_url", |url| url.required(false)))]
pub struct Arguments {
    /// Where gRPC and `/mcp` are served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50053", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// The TOML file that describes the tools. It is read again when it changes; `ondol tools check` checks one
    #[arg(long, env = "ONDOL_TOOLS", value_name = "FILE")]
    pub tools: PathBuf,
    /// How agents reach `/mcp`.
    #[command(flatten)]
    pub protocol: ProtocolArguments,
    /// Where large answers go.
    #[command(flatten)]
    pub objects: Option<ObjectsArguments>,
    /// How it is reached.
    #[command(flatten)]
    pub server: ServerArguments,
}

/// How agents reach `/mcp`.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Model Context Protocol")]
pub struct ProtocolArguments {
    /// A name under which `/mcp` may be called, repeatable, with or without a port: requests with another `Host` are refused.
    /// The names of this machine are always allowed
    #[arg(long = "mcp-host", env = "ONDOL_MCP_HOSTS", value_name = "HOST", value_delimiter = ',')]
    pub hosts: Vec<String>,
    /// An origin from which browsers may call `/mcp`, such as `https://chat.example.com:443`, repeatable: all others are
    /// refused
    #[arg(long = "mcp-origin", env = "ONDOL_MCP_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    pub origins: Vec<String>,
    /// Who may call `/mcp`. Without a key nobody may: it is not served then.
    #[command(flatten)]
    pub keys: KeyArguments,
}
