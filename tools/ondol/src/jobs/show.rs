//! `ondol jobs show`.

use clap::Args;
use proto::jobs::v1::GetJobRequest;

use super::row::{JOB, row};
use crate::{client::Connection, json::json, names, output::say, text::size};

/// Which job, and how to print it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job's name
    #[arg(value_parser = names::job)]
    name: String,
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON object, as the contract writes a job, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let found = client.jobs().get_job(GetJobRequest { name: arguments.name.clone() }).await;
        let job = found.map_err(|status| client.explained(status))?.into_inner();
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&json(JOB, &job)?)?);
            return Ok(());
        }
        say!("{}", row(&job));
        for artifact in &job.artifacts {
            say!("  {}  {}  {}", artifact.path, artifact.content_type, size(artifact.size_bytes));
        }
        Ok(())
    })
}
