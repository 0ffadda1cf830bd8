//! `ondol tools call`.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use contract::{json_value, message_struct};
use proto::tools::v1::{CallToolRequest, content::Content};
use rpc::AtMostOnce;
use serde_json::{Map, Value};
use tonic::Request;

use super::whole::{self, Filled};
use crate::{client::Connection, output::say, text::size};

/// More than any arguments.
const LARGEST: u64 = 4 << 20;

/// What to call, and with what.
#[derive(Args)]
#[command(after_help = "Examples:\n  ondol tools call s3_list bucket=files prefix=\n  \
                        ondol tools call s3_get '{\"bucket\":\"files\",\"key\":\"a.txt\"}'")]
pub(crate) struct Arguments {
    /// The tool, as `ondol tools list` names it
    tool: String,
    /// The arguments: one JSON object, `-` for one on standard input, or NAME=VALUE each, the value being JSON or text
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
    let given = parse(&arguments.given)?;
    let tool = arguments.tool.strip_prefix("tools/").unwrap_or(&arguments.tool);
    arguments.connection.block_on(async |mut client| {
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

/// The arguments of a tool, as they are written on the command line.
pub(crate) fn parse(given: &[String]) -> anyhow::Result<Map<String, Value>> {
    match given {
        [one] if one == "-" => {
            let mut text = String::new();
            std::io::stdin().take(LARGEST).read_to_string(&mut text)?;
            object(&text)
        }
        [one] if one.trim_start().starts_with('{') => object(one),
        pairs => pairs.iter().map(|pair| named(pair)).collect(),
    }
}

fn object(text: &str) -> anyhow::Result<Map<String, Value>> {
    match serde_json::from_str(text).context("the arguments are not JSON")? {
        Value::Object(fields) => Ok(fields),
        _ => bail!("the arguments must be a JSON object"),
    }
}

/// `limit=3` is a number, `query=desk` and `query="3"` are text.
fn named(pair: &str) -> anyhow::Result<(String, Value)> {
    let (name, text) = pair.split_once('=').with_context(|| format!("expected NAME=VALUE, got {pair:?}"))?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AtMostOnce, Map, call, parse};

    #[test]
    fn a_call_is_not_repeated_by_its_client() {
        let request = call("shop_search", &Map::new());
        assert_eq!(request.get_ref().name, "tools/shop_search");
        assert!(request.extensions().get::<AtMostOnce>().is_some());
    }

    fn parsed(given: &[&str]) -> Value {
        Value::Object(parse(&given.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap())
    }

    #[test]
    fn arguments_are_an_object_or_pairs() {
        assert_eq!(parsed(&[]), json!({}));
        assert_eq!(parsed(&[r#"{"a": [1]}"#]), json!({"a": [1]}));
        let pairs = ["query=red desk", "limit=3", "exact=true", "id=\"3\"", "empty="];
        let expected = json!({"query": "red desk", "limit": 3, "exact": true, "id": "3", "empty": ""});
        assert_eq!(parsed(&pairs), expected);
        for wrong in ["desk", "[1]"] {
            assert!(parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
