//! `ondol tools check`.

use std::path::PathBuf;

use clap::Args;
use mcp::{Assembly, Config, Means};
use prometheus_client::registry::Registry;

use crate::output::say;

/// Which file.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The TOML file that describes the tools
    file: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::read(&arguments.file)?;
    runtime::install_crypto_provider();
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    executor.block_on(async {
        let means = Means::register(&mut Registry::default(), None);
        let assembly = Assembly::of(&config, &means).await?;
        for tool in &assembly.tools {
            let switch = if tool.policy.enabled { "" } else { "  switched off" };
            say!("{:<28} {}{switch}", tool.descriptor.name.as_str(), tool.descriptor.digest());
        }
        say!("{} tools: the file can be used", assembly.tools.len());
        Ok(())
    })
}
