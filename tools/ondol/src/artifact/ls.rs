//! `ondol artifact ls`.

use clap::Args;
use proto::artifacts::v1::ListArtifactsRequest;

use crate::{client::Connection, json::array, names, output::say, text::size};

/// Which job, and how to print what it made.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job's name
    #[arg(value_parser = names::job)]
    job: String,
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON array of artifacts, as the contract writes them, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let request = ListArtifactsRequest { parent: arguments.job.clone() };
        let listed = client.artifacts().list_artifacts(request).await;
        let artifacts = listed.map_err(|status| client.explained(status))?.into_inner().artifacts;
        if arguments.json {
            let array = array("ondol.artifacts.v1.Artifact", &artifacts)?;
            say!("{}", serde_json::to_string_pretty(&array)?);
            return Ok(());
        }
        for artifact in &artifacts {
            say!("{}  {}  {}", artifact.path, artifact.content_type, size(artifact.size_bytes));
        }
        Ok(())
    })
}
