//! `ondol tools list`.

use clap::Args;
use proto::tools::v1::{ListToolsRequest, Tool};
use serde_json::json;

use super::call::json_of;
use crate::{client::Connection, output::say};

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
            let array: Vec<_> = tools.iter().map(to_json).collect();
            say!("{}", serde_json::to_string_pretty(&array)?);
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

fn to_json(tool: &Tool) -> serde_json::Value {
    json!({
        "id": tool.id,
        "title": tool.title,
        "description": tool.description,
        "input_schema": tool.input_schema.as_ref().map(json_of),
        "output_schema": tool.output_schema.as_ref().map(json_of),
        "digest": tool.digest,
    })
}
