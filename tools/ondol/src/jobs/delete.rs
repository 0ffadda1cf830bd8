//! `ondol jobs delete`.

use clap::Args;
use proto::jobs::v1::DeleteJobRequest;

use crate::{client::Connection, each::each, names, output::say};

/// Which jobs to forget.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The jobs' names; only jobs that have ended can be forgotten
    #[arg(required = true, value_parser = names::job)]
    names: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        each(&arguments.names, async |name| {
            let deleted = client.jobs().delete_job(DeleteJobRequest { name: name.clone() }).await;
            deleted.map_err(|status| client.explained(status))?;
            say!("{name}  deleted");
            Ok(())
        })
        .await
    })
}
