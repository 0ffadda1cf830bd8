//! `ondol jobs dead`.

use clap::Args;
use proto::jobs::v1::ListDeadJobsRequest;

use super::list::print;
use crate::client::Connection;

/// Which dead jobs, and how to print them.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
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
        let mut request =
            ListDeadJobsRequest { kind: arguments.kind.clone(), ..ListDeadJobsRequest::default() };
        while jobs.len() < most {
            let page = client.jobs().list_dead_jobs(request.clone()).await;
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
