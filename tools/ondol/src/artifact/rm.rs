//! `ondol artifact rm`.

use clap::Args;
use proto::artifacts::v1::DeleteArtifactRequest;

use crate::{
    client::Connection,
    each::each,
    names::{self, ArtifactName},
    output::say,
};

/// Which artifacts to remove.
#[derive(Args)]
pub(crate) struct Arguments {
    /// `JOB/NAME`, or the path that `ondol jobs watch` printed
    #[arg(required = true, value_parser = names::artifact)]
    artifacts: Vec<ArtifactName>,
    #[command(flatten)]
    connection: Connection,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        each(&arguments.artifacts, async |artifact| {
            let name = artifact.resource();
            let removed =
                client.artifacts().delete_artifact(DeleteArtifactRequest { name: name.clone() }).await;
            removed.map_err(|status| client.explained(status))?;
            say!("{name}  removed");
            Ok(())
        })
        .await
    })
}
