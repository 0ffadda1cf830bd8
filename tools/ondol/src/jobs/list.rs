//! `ondol jobs list`.

use clap::Args;
use proto::jobs::v1::{Job, ListJobsRequest, State};

use super::row::{JOB, parse_state, row};
use crate::{
    client::Connection,
    json::array,
    output::{say, tell},
    pages::gather,
};

/// Which jobs, and how to print them.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Only jobs in this state, such as `running`
    #[arg(long, value_parser = parse_state)]
    state: Option<State>,
    /// Only jobs of this kind: `generate_text`, `batch`, `call_tool` or `webhook`
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// The most jobs to print
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Print one JSON array of jobs, as the contract writes them, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let (jobs, more) = gather(arguments.most, async |page_size, page_token| {
            let state = arguments.state.unwrap_or_default().into();
            let request = ListJobsRequest { page_size, page_token, state, kind: arguments.kind.clone() };
            let page = client.jobs().list_jobs(request).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            Ok((page.jobs, page.next_page_token))
        })
        .await?;
        print(&jobs, more, arguments.json)
    })
}

/// Prints jobs, one a line or as JSON. Where there are `more` the user is told.
pub(super) fn print(jobs: &[Job], more: bool, json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(&array(JOB, jobs)?)?);
        return Ok(());
    }
    if jobs.is_empty() {
        say!("No jobs.");
    }
    for job in jobs {
        say!("{}", row(job));
    }
    if more {
        tell!("There are more: --most N shows N of them.");
    }
    Ok(())
}
