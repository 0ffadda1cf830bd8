//! `ondol tools call`.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use contract::{json_value, message_struct};
use proto::tools::v1::{CallToolRequest, content::Content};
use rpc::AtMostOnce;
use serde_json::{Map, Value};
use tonic::Request;

use super::{
    given::Given,
    whole::{self, Filled},
};
use crate::{client::Connection, output::say, text::size};

/// What to call, and with what.
#[derive(Args)]
#[command(after_help = "Examples:\n  ondol tools call s3_list bucket=files prefix=\n  \
                        ondol tools call s3_get '{\"bucket\":\"files\",\"key\":\"a.txt\"}'")]
pub(crate) struct Arguments {
    /// The tool, as `ondol tools list` names it
    tool: String,
    /// The arguments: one JSON object, `-` for one on standard input, or NAME=VALUE each. A value is what the tool takes;
    /// where that leaves it open it is JSON, and text if it is none: there `id='"3"'` is the text 3
    #[arg(value_name = "ARGUMENTS")]
    given: Vec<String>,
    #[command(flatten)]
    connection: Connection,
    /// Print the whole answer as JSON, for scripts
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// Write the answer into this file as it came: a value as JSON, text, or the bytes of what it is
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let given = Given::parse(&arguments.given)?;
    let tool = arguments.tool.strip_prefix("tools/").unwrap_or(&arguments.tool);
    arguments.connection.block_on(async |mut client| {
        let given = given.of(&mut client, tool).await?;
        let answer = client.tools().call_tool(call(tool, &given)).await;
        let answer = answer.map_err(|status| client.explained(status))?.into_inner();
        match &arguments.output {
            Some(file) => whole::into_file(&mut client, &answer, file).await?,
            None => print(whole::filled(&mut client, answer.clone()).await?, arguments.json)?,
        }
        ensure!(!answer.is_error, "{tool} could not do what was asked");
        Ok(())
    })
}

/// A call that is sent once: mcp knows which tools may be tried again, and does it itself.
fn call(tool: &str, given: &Map<String, Value>) -> Request<CallToolRequest> {
    let name = format!("tools/{tool}");
    let mut request = Request::new(CallToolRequest { name, arguments: Some(message_struct(given)) });
    request.extensions_mut().insert(AtMostOnce);
    request
}

fn print(answer: Filled, json: bool) -> anyhow::Result<()> {
    let Filled { answer, value } = answer;
    if json {
        let mut whole = crate::json::json("ondol.tools.v1.CallToolResponse", &answer)?;
        if let Some(value) = value {
            whole["structuredContent"] = value;
        }
        say!("{}", serde_json::to_string_pretty(&whole)?);
        return Ok(());
    }
    let structured =
        answer.structured_content.map(|sent| json_value("structured_content", sent)).transpose()?;
    if let Some(value) = value.or(structured) {
        say!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    for piece in answer.content.iter().filter_map(|piece| piece.content.as_ref()) {
        match piece {
            Content::Text(text) => say!("{text}"),
            Content::Link(link) => say!("{}", link.uri),
            Content::Image(media) | Content::Audio(media) => {
                say!("{}, {}", media.media_type, size(media.data.len() as u64));
            }
            Content::Resource(resource) => {
                say!("{}  {}, {}", resource.uri, resource.media_type, size(resource.data.len() as u64));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{AtMostOnce, Map, call};

    #[test]
    fn a_call_is_not_repeated_by_its_client() {
        let request = call("shop_search", &Map::new());
        assert_eq!(request.get_ref().name, "tools/shop_search");
        assert!(request.extensions().get::<AtMostOnce>().is_some());
    }
}
