//! `ondol artifact ls`.

use clap::Args;
use proto::artifacts::v1::ListArtifactsRequest;
use serde_json::json;

use crate::{client::Connection, jobs::resource_name, output::say, text::size};

/// Which job, and how to print what it made.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job's name
    job: String,
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON array, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let parent = resource_name(&arguments.job);
    arguments.connection.block_on(async |mut client| {
        let request = ListArtifactsRequest { parent };
        let listed = client.artifacts().list_artifacts(request).await;
        let artifacts = listed.map_err(|status| client.explained(status))?.into_inner().artifacts;
        if arguments.json {
            let row = |it: &proto::artifacts::v1::Artifact| {
                json!({
                    "name": it.name,
                    "path": it.path,
                    "content_type": it.content_type,
                    "size_bytes": it.size_bytes,
                    "etag": it.etag,
                    "published": it.published,
                })
            };
            say!("{}", serde_json::to_string_pretty(&artifacts.iter().map(row).collect::<Vec<_>>())?);
            return Ok(());
        }
        for artifact in &artifacts {
            say!("{}  {}  {}", artifact.path, artifact.content_type, size(artifact.size_bytes));
        }
        Ok(())
    })
}
