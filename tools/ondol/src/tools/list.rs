//! `ondol tools list`.

use clap::Args;
use proto::tools::v1::ListToolsRequest;

use crate::{client::Connection, json, output::say};

/// How to print them.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// Print one JSON array with the schemas, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| {
        let (mut tools, mut request) = (Vec::new(), ListToolsRequest::default());
        loop {
            let page = client.tools().list_tools(request.clone()).await;
            let page = page.map_err(|status| client.explained(status))?.into_inner();
            tools.extend(page.tools);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&json::array("ondol.tools.v1.Tool", &tools)?)?);
        } else if tools.is_empty() {
            say!("No tools.");
        } else {
            for tool in &tools {
                let first = tool.description.lines().next().unwrap_or_default();
                say!("{:<28} {first}", tool.id);
            }
        }
        Ok(())
    })
}
