//! `ondol tools check`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use mcp::{Assembly, Config, Found, McpError, Means, Standing, Survey};
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
        let assembly = Assembly::of(&config, &means).await;
        let advice = mcp::advice(&config, &means, assembly.as_ref().ok()).await;
        let assembly = match assembly {
            Ok(assembly) => assembly,
            Err(error) => {
                warn(&advice);
                return refused(&error);
            }
        };
        for tool in &assembly.tools {
            let switch = if tool.policy.enabled { "" } else { "  switched off" };
            say!("{:<28} {}{switch}", tool.descriptor.name.as_str(), tool.descriptor.digest());
        }
        for survey in Box::pin(mcp::survey(&config, &means)).await? {
            say_survey(&survey);
        }
        warn(&advice);
        let warnings = match advice.len() {
            0 => String::new(),
            1 => ", with one warning".to_owned(),
            several => format!(", with {several} warnings"),
        };
        say!("{} tools of its own: the file can be used{warnings}", assembly.tools.len());
        Ok(())
    })
}

fn warn(advice: &[String]) {
    for line in advice {
        say!("warning: {line}");
    }
}

/// All that is wrong, a line each.
fn refused(error: &McpError) -> anyhow::Result<()> {
    let each = error.each();
    match each.as_slice() {
        [one] => bail!("{one}"),
        several => bail!("{} things are wrong:\n  - {}", several.len(), several.join("\n  - ")),
    }
}

/// What becomes of another server's tools. One that is away does not make the file wrong.
fn say_survey(survey: &Survey) {
    let Survey { upstream, outcome } = survey;
    match outcome {
        Ok(found) => {
            for Found { name, standing, digest, .. } in found {
                let name = format!("{upstream}_{name}");
                let digest = digest.as_deref().unwrap_or_default();
                match standing {
                    Standing::Offered => say!("{name:<28} {digest}"),
                    Standing::Changed { pin } => {
                        say!("{name:<28} {digest}  changed since it was pinned as {pin}, and not offered");
                    }
                    Standing::Unpinned => {
                        say!("{name:<28} {digest}  not pinned, and not offered: ondol tools pin");
                    }
                    Standing::Refused { problem } => say!("{name:<28} cannot be offered: {problem}"),
                    Standing::Missing => say!("{name:<28} is not there"),
                    Standing::Other => {}
                }
            }
        }
        Err(problem) => say!("{upstream}_*  could not be asked: {problem}"),
    }
}
