//! `ondol jobs submit call-tool`.

use clap::Args;
use contract::message_struct;
use proto::jobs::v1::{CallToolWork, Job, job::Work};

use super::Common;
use crate::tools::Given;

/// What to call.
#[derive(Args)]
#[command(
    after_help = "Example: ondol jobs submit call-tool shop_search query=\"red desk\" sort=price_asc --watch"
)]
pub(crate) struct Arguments {
    /// The tool, as `ondol tools list` names it
    tool: String,
    /// The arguments: one JSON object, `-` for one on standard input, or NAME=VALUE each, as for `ondol tools call`
    #[arg(value_name = "ARGUMENTS")]
    given: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { tool, given, common } = arguments;
    let given = Given::parse(&given)?;
    common.connection.clone().block_on(async |mut client| {
        let name = tool.strip_prefix("tools/").unwrap_or(&tool);
        let arguments = Some(message_struct(&given.of_later(&mut client, name).await?));
        let work = Some(Work::CallTool(CallToolWork { tool, arguments }));
        common.submit(client, Job { work, ..Job::default() }).await
    })
}
