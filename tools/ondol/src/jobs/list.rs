//! `ondol jobs list`.

use clap::Args;
use proto::jobs::v1::{Job, ListJobsRequest, State};
use serde_json::Value;

use super::row::{parse_state, row, to_json};
use crate::{client::Connection, output::say};

/// Which jobs, and how to print them.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Only jobs in this state, such as `running`
    #[arg(long, value_parser = parse_state)]
    state: Option<State>,
    /// Only jobs of this kind: `generate_text` or `batch`
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// The most jobs to print
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Print one JSON array, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let (mut jobs, most) = (Vec::new(), arguments.most as usize);
        let mut request = ListJobsRequest {
            state: arguments.state.unwrap_or_default().into(),
            kind: arguments.kind.clone(),
            ..ListJobsRequest::default()
        };
        while jobs.len() < most {
            let page = client.jobs().list_jobs(request.clone()).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            jobs.extend(page.jobs);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        jobs.truncate(most);
        print(&jobs, arguments.json)
    })
}

/// Prints jobs, one a line or as JSON.
pub(super) fn print(jobs: &[Job], json: bool) -> anyhow::Result<()> {
    if json {
        let array: Vec<Value> = jobs.iter().map(to_json).collect();
        say!("{}", serde_json::to_string_pretty(&array)?);
        return Ok(());
    }
    if jobs.is_empty() {
        say!("No jobs.");
    }
    for job in jobs {
        say!("{}", row(job));
    }
    Ok(())
}
