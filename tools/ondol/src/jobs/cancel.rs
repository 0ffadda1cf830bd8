//! `ondol jobs cancel`.

use clap::Args;
use proto::jobs::v1::CancelJobRequest;

use super::row::{is_end, state_name};
use crate::{client::Connection, each::each, names, output::say};

/// Which jobs to stop.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The jobs' names
    #[arg(required = true, value_parser = names::job)]
    names: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        each(&arguments.names, async |name| {
            let cancelled = client.jobs().cancel_job(CancelJobRequest { name: name.clone() }).await;
            let job = cancelled.map_err(|status| client.explained(status))?.into_inner();
            let state = state_name(job.state());
            let said = if is_end(job.state()) { state } else { format!("{state}, and told to stop") };
            say!("{}  {said}", job.name);
            Ok(())
        })
        .await
    })
}
