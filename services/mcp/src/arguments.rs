//! The command line arguments of the service.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use accounts::{KeyArguments, KeyringArguments, RedisArguments};
use arguments::SettingsFile;
use identity::IdentityArguments;
use objects::ObjectsArguments;
use rpc::ServerArguments;

/// What mcp is told at its start.
///
/// Without a store, answers that are too large are refused instead of put away.
#[derive(clap::Args, Clone, Debug)]
#[command(mut_arg("objects_url", |url| url.required(false)))]
pub struct Arguments {
    /// Where gRPC and `/mcp` are served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50053", value_name = "ADDRESS:PORT",
          value_parser = arguments::address)]
    pub listen: SocketAddr,
    /// The TOML file that describes the tools. It is read again when it changes; `ondol tools check` checks one
    #[arg(long, env = "ONDOL_TOOLS", value_name = "FILE")]
    pub tools: PathBuf,
    /// How agents reach `/mcp`.
    #[command(flatten)]
    pub protocol: ProtocolArguments,
    /// Where the keys are that are created while the service runs: those of api open `/mcp` too.
    #[command(flatten)]
    pub accounts: RedisArguments,
    /// How they are treated.
    #[command(flatten)]
    pub keyring: KeyringArguments,
    /// Who may call `/mcp` by a token or a certificate: the file of api serves here too.
    #[command(flatten)]
    pub identities: IdentityArguments,
    /// Where large answers go.
    #[command(flatten)]
    pub objects: Option<ObjectsArguments>,
    /// How it is reached.
    #[command(flatten)]
    pub server: ServerArguments,
}

/// The file of tools, for errors.
pub(crate) fn tools_file(path: &Path) -> SettingsFile<'_> {
    SettingsFile::new("--tools", path)
}

/// How agents reach `/mcp`.
#[derive(clap::Args, Clone, Debug)]
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
    /// How many tasks a caller may have, those that are done included: further calls are answered as if there were no tasks.
    /// With 0 no call becomes one
    #[arg(long = "mcp-tasks", env = "ONDOL_MCP_TASKS", value_name = "COUNT", default_value_t = 32,
        value_parser = arguments::count::<usize>)]
    pub tasks: usize,
    /// How long a task can be looked at after the time that its tool has, such as `15m`, a day at most
    #[arg(long = "mcp-task-keep", env = "ONDOL_MCP_TASK_KEEP", value_name = "TIME", default_value = "15m",
        value_parser = arguments::positive_duration)]
    pub task_keep: Duration,
    /// Who may call `/mcp`. Without a key, or anybody who is known otherwise, nobody may: it is not served then.
    #[command(flatten)]
    pub keys: KeyArguments,
}

impl Default for ProtocolArguments {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            origins: Vec::new(),
            tasks: 32,
            task_keep: Duration::from_mins(15),
            keys: KeyArguments::default(),
        }
    }
}
