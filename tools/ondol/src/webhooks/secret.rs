//! `ondol webhooks secret`.

use std::path::PathBuf;

use arguments::SettingsFile;
use clap::Args;
use mcp::{Config, Means};
use prometheus_client::registry::Registry;

use crate::{folders::tools_file, output::say};

/// Whose secret.
#[derive(Args)]
#[command(
    after_help = "While a master secret is exchanged for another there are several, a line each: webhooks are then \
    signed with all of them, and the first is the one to take."
)]
pub(crate) struct Arguments {
    /// The principal: the name of the key that creates the jobs
    principal: String,
    /// The file that describes the tools, which names what webhooks are signed with
    #[arg(long, env = "ONDOL_TOOLS", value_name = "FILE", default_value_os_t = tools_file())]
    tools: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    accounts::check_key_name(&arguments.principal)?;
    let config = Config::of(&SettingsFile::new("--tools", &arguments.tools))?;
    runtime::install_crypto_provider();
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    executor.block_on(async {
        let means = Means::register(&mut Registry::default(), None);
        for secret in mcp::signing_secrets(&config, &means, &arguments.principal).await? {
            say!("{secret}");
        }
        Ok(())
    })
}
