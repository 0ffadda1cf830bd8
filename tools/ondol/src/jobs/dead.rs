//! `ondol jobs dead`.

use clap::Args;
use proto::jobs::v1::ListDeadJobsRequest;

use super::list::print;
use crate::{client::Connection, pages::gather};

/// Which dead jobs, and how to print them.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
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
            let request = ListDeadJobsRequest { page_size, page_token, kind: arguments.kind.clone() };
            let page = client.jobs().list_dead_jobs(request).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            Ok((page.jobs, page.next_page_token))
        })
        .await?;
        print(&jobs, more, arguments.json)
    })
}
