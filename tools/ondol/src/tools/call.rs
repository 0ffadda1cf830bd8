//! `ondol tools call`.

use std::io::Read;

use anyhow::{Context, bail, ensure};
use clap::Args;
use prost_types::{ListValue, Struct, Value as Wire, value::Kind};
use proto::tools::v1::{CallToolRequest, CallToolResponse, content::Content};
use serde_json::{Map, Value};

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
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let given = parse(&arguments.given)?;
    let tool = arguments.tool.strip_prefix("tools/").unwrap_or(&arguments.tool);
    arguments.connection.block_on(async |mut client| {
        let request = CallToolRequest { name: format!("tools/{tool}"), arguments: Some(structure(&given)) };
        let answer = client.tools().call_tool(request).await;
        let answer = answer.map_err(|status| client.explained(status))?.into_inner();
        print(&answer, arguments.json)?;
        ensure!(!answer.is_error, "{tool} could not do what was asked");
        Ok(())
    })
}

fn print(answer: &CallToolResponse, json: bool) -> anyhow::Result<()> {
    if let Some(structured) = &answer.structured_content {
        let text = if json {
            serde_json::json!({"structured_content": json_value(structured), "is_error": answer.is_error})
        } else {
            json_value(structured)
        };
        say!("{}", serde_json::to_string_pretty(&text)?);
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

fn parse(given: &[String]) -> anyhow::Result<Map<String, Value>> {
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

fn structure(fields: &Map<String, Value>) -> Struct {
    Struct { fields: fields.iter().map(|(name, value)| (name.clone(), wire(value))).collect() }
}

fn wire(value: &Value) -> Wire {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(truth) => Kind::BoolValue(*truth),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::MAX)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(wire).collect() }),
        Value::Object(fields) => Kind::StructValue(structure(fields)),
    };
    Wire { kind: Some(kind) }
}

/// A message as JSON.
pub(super) fn json_of(fields: &Struct) -> Value {
    Value::Object(fields.fields.iter().map(|(name, value)| (name.clone(), json_value(value))).collect())
}

fn json_value(value: &Wire) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(truth)) => Value::Bool(*truth),
        Some(Kind::NumberValue(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Value::from(*number as i64)
        }
        Some(Kind::NumberValue(number)) => Value::from(*number),
        Some(Kind::StringValue(text)) => Value::String(text.clone()),
        Some(Kind::ListValue(list)) => list.values.iter().map(json_value).collect(),
        Some(Kind::StructValue(fields)) => json_of(fields),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{json_of, parse, structure};

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

    #[test]
    fn what_goes_there_comes_back() {
        let value = json!({"a": [1, 2.5, null, {"b": true}], "c": "x"});
        assert_eq!(json_of(&structure(value.as_object().unwrap())), value);
    }
}
