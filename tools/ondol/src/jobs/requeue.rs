//! `ondol jobs requeue`.

use clap::Args;
use proto::jobs::v1::RequeueJobRequest;

use super::row::state_name;
use crate::{client::Connection, each::each, names, output::say};

/// Which dead jobs to put in line again.
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
            let requeued = client.jobs().requeue_job(RequeueJobRequest { name: name.clone() }).await;
            let job = requeued.map_err(|status| client.explained(status))?.into_inner();
            say!("{}  {}", job.name, state_name(job.state()));
            Ok(())
        })
        .await
    })
}
