//! `ondol artifact rm`.

use clap::Args;
use proto::artifacts::v1::DeleteArtifactRequest;

use super::name::parse;
use crate::{client::Connection, each::each, output::say};

/// Which artifacts to remove.
#[derive(Args)]
pub(crate) struct Arguments {
    /// `JOB/NAME`, or the path that `ondol jobs watch` printed
    #[arg(required = true, value_parser = parse)]
    artifacts: Vec<(String, String)>,
    #[command(flatten)]
    connection: Connection,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        each(&arguments.artifacts, async |(job, artifact)| {
            let name = format!("jobs/{job}/artifacts/{artifact}");
            let removed =
                client.artifacts().delete_artifact(DeleteArtifactRequest { name: name.clone() }).await;
            removed.map_err(|status| client.explained(status))?;
            say!("{name}  removed");
            Ok(())
        })
        .await
    })
}
