//! The command line arguments of the service.

use std::net::SocketAddr;

use rpc::{ServerArguments, UpstreamArguments};

use crate::{keys::KeyArguments, start::LlmInference};

/// What api is told at its start.
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Where gRPC is served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Who may call.
    #[command(flatten)]
    pub keys: KeyArguments,
    /// Where text is generated.
    #[command(flatten)]
    pub llm_inference: UpstreamArguments<LlmInference>,
    /// How callers reach this service.
    #[command(flatten)]
    pub server: ServerArguments,
}
