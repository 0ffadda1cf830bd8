//! The arguments of a tool, as they are written on the command line.

mod kinds;

use std::io::Read;

use anyhow::{Context, bail, ensure};
use contract::json_object;
use proto::tools::v1::GetToolRequest;
use serde_json::{Map, Value};
use tonic::Status;

use self::kinds::Kinds;
use crate::client::Client;

/// More than any arguments.
const LARGEST: u64 = 4 << 20;

/// What was written.
#[derive(Debug, PartialEq)]
pub(crate) enum Given {
    /// An object, which says itself what is a number and what is text.
    Object(Map<String, Value>),
    /// Names with values, which mean what the tool takes.
    Pairs(Vec<(String, String)>),
}

impl Given {
    /// What stands on the command line, before anybody knows the tool.
    pub(crate) fn parse(given: &[String]) -> anyhow::Result<Self> {
        match given {
            [one] if one == "-" => {
                let mut text = String::new();
                std::io::stdin().take(LARGEST).read_to_string(&mut text)?;
                object(&text).map(Self::Object)
            }
            [one] if one.trim_start().starts_with('{') => object(one).map(Self::Object),
            several => pairs(several).map(Self::Pairs),
        }
    }

    /// The arguments of `tool`, whose schema decides between a number and text of digits.
    pub(crate) async fn of(self, client: &mut Client, tool: &str) -> anyhow::Result<Map<String, Value>> {
        let schema = if self.wants_schema() {
            let asked = schema(client, tool).await;
            asked.map_err(|status| client.explained(status))?
        } else {
            None
        };
        self.read(schema.as_ref())
    }

    /// The same for a call that is made later: a tool that cannot be asked about now is called all the same.
    pub(crate) async fn of_later(
        self,
        client: &mut Client,
        tool: &str,
    ) -> anyhow::Result<Map<String, Value>> {
        let schema = if self.wants_schema() { schema(client, tool).await.ok().flatten() } else { None };
        self.read(schema.as_ref())
    }

    fn wants_schema(&self) -> bool {
        matches!(self, Self::Pairs(pairs) if !pairs.is_empty())
    }

    fn read(self, schema: Option<&Value>) -> anyhow::Result<Map<String, Value>> {
        let pairs = match self {
            Self::Object(fields) => return Ok(fields),
            Self::Pairs(pairs) => pairs,
        };
        let pairs = pairs.into_iter().map(|(name, text)| {
            let kinds = schema.map_or(Kinds::ANY, |schema| Kinds::of_argument(schema, &name));
            let value = value(&text, &kinds).with_context(|| format!("the argument {name}"))?;
            Ok((name, value))
        });
        pairs.collect()
    }
}

async fn schema(client: &mut Client, tool: &str) -> Result<Option<Value>, Status> {
    let request = GetToolRequest { name: format!("tools/{tool}") };
    let known = client.tools().get_tool(request).await?.into_inner();
    // One that cannot be read says nothing; whoever is called decides.
    Ok(known.input_schema.and_then(|schema| json_object("input_schema", schema).ok()).map(Value::Object))
}

fn object(text: &str) -> anyhow::Result<Map<String, Value>> {
    match serde_json::from_str(text).context("the arguments are not JSON")? {
        Value::Object(fields) => Ok(fields),
        _ => bail!("the arguments must be a JSON object"),
    }
}

fn pairs(given: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::with_capacity(given.len());
    for pair in given {
        let (name, text) =
            pair.split_once('=').with_context(|| format!("expected NAME=VALUE, got {pair:?}"))?;
        ensure!(!name.is_empty(), "expected NAME=VALUE, got {pair:?}, which has no name");
        ensure!(
            pairs.iter().all(|(other, _)| other != name),
            "the argument {name} is given twice; several values of one are a list: {name}='[\"a\",\"b\"]'"
        );
        pairs.push((name.to_owned(), text.to_owned()));
    }
    Ok(pairs)
}

/// `3` is a number and `desk` is text, unless the tool takes only the other; `"3"` is text anyway, and keeps its quotes where
/// nothing but text is taken.
fn value(text: &str, kinds: &Kinds<'_>) -> anyhow::Result<Value> {
    if kinds.are_text() {
        return Ok(Value::String(text.to_owned()));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) if kinds.take(&value) => Ok(value),
        _ if kinds.take_text() => Ok(Value::String(text.to_owned())),
        _ => bail!("expected {kinds}, got {text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Given;

    fn given(given: &[&str]) -> anyhow::Result<Given> {
        Given::parse(&given.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn read(words: &[&str], schema: Option<&Value>) -> anyhow::Result<Value> {
        given(words)?.read(schema).map(Value::Object)
    }

    #[test]
    fn arguments_are_an_object_or_pairs() {
        assert_eq!(read(&[], None).unwrap(), json!({}));
        assert_eq!(read(&[r#"{"a": [1]}"#], None).unwrap(), json!({"a": [1]}));
        let pairs = ["query=red desk", "limit=3", "exact=true", "id=\"3\"", "empty=", "sum=1=1"];
        let expected =
            json!({"query": "red desk", "limit": 3, "exact": true, "id": "3", "empty": "", "sum": "1=1"});
        assert_eq!(read(&pairs, None).unwrap(), expected);
    }

    #[test]
    fn what_is_no_argument_is_refused_before_anybody_is_asked() {
        for (words, said) in [
            (&["desk"][..], "expected NAME=VALUE, got \"desk\""),
            (&["[1]"], "NAME=VALUE"),
            (&["=x"], "has no name"),
            (&["a=1", "b=1", "a=2"], "a is given twice"),
            (&["{\"a\": 1"], "not JSON"),
        ] {
            let problem = given(words).unwrap_err().to_string();
            assert!(problem.contains(said), "{words:?}: {problem}");
        }
    }

    #[test]
    fn the_tool_decides_between_text_and_numbers() {
        let schema = json!({
            "type": "object",
            "properties": {
                "query": {"type": "string"},
                "state": {"enum": ["1", "2"]},
                "id": {"$ref": "#/$defs/id"},
                "limit": {"type": "integer"},
                "either": {"anyOf": [{"type": "string"}, {"type": "number"}]},
                "perhaps": {"type": ["string", "null"]},
                "open": {},
            },
            "$defs": {"id": {"type": "string"}},
        });
        let words =
            ["query=123", "state=1", "id=true", "limit=3", "either=4", "perhaps=5", "open=6", "more=7"];
        let expected = json!({
            "query": "123", "state": "1", "id": "true", "limit": 3, "either": 4, "perhaps": "5", "open": 6, "more": 7
        });
        assert_eq!(read(&words, Some(&schema)).unwrap(), expected);
        let quoted = read(&["query=\"123\"", "perhaps=null", "query2=x"], Some(&schema)).unwrap();
        assert_eq!(quoted, json!({"query": "\"123\"", "perhaps": null, "query2": "x"}));
    }

    #[test]
    fn what_the_tool_cannot_take_is_told_with_what_it_takes() {
        let schema = json!({"properties": {
            "limit": {"type": "integer"}, "tags": {"type": "array"}, "exact": {"type": "boolean"},
            "near": {"type": "object"}, "price": {"type": ["number", "null"]},
        }});
        for (word, said) in [
            ("limit=many", "the argument limit: expected a whole number, got \"many\""),
            ("limit=1.5", "a whole number"),
            ("tags=a,b", "a list such as '[\"a\",\"b\"]'"),
            ("exact=yes", "true or false"),
            ("near=here", "an object such as"),
            ("price=cheap", "null or a number"),
        ] {
            let problem = format!("{:#}", read(&[word], Some(&schema)).unwrap_err());
            assert!(problem.contains(said), "{word}: {problem}");
        }
    }
}
