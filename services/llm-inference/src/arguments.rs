//! The command line arguments of the service.

use std::{net::SocketAddr, path::PathBuf};

/// What llm-inference is told at its start.
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Where gRPC is served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50052", value_name = "ADDRESS:PORT",
          value_parser = arguments::address)]
    pub listen: SocketAddr,
    /// Which models are served.
    #[command(flatten)]
    pub models: ModelArguments,
    /// How they are run.
    #[command(flatten)]
    pub engine: engine::Arguments,
    /// How they are reached.
    #[command(flatten)]
    pub server: rpc::ServerArguments,
}

/// Which models are served.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArguments {
    /// The folder that holds the model packages, as `ondol model import` writes them
    #[arg(long, env = "ONDOL_MODELS", value_name = "DIR")]
    pub models: PathBuf,
    /// A model to serve, repeatable; in the environment separated by commas [default: every model in the folder]
    #[arg(long = "model", env = "ONDOL_SERVE", value_name = "NAME", value_delimiter = ',')]
    pub names: Vec<String>,
    /// How they are checked.
    #[command(flatten)]
    pub checks: Checks,
}

/// How packages are checked at the start.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Model")]
pub struct Checks {
    /// Do not compare the files of a package with their checksums at the start, which reads them once more: for models
    /// so large that it takes too long. A damaged file then shows in the answers, or not at all
    #[arg(long, env = "ONDOL_SKIP_CHECKSUMS", value_parser = clap::builder::FalseyValueParser::new())]
    pub skip_checksums: bool,
}
