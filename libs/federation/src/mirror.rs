//! Arguments that a server wants in headers too, so that what stands before it can read them: `x-mcp-header` of revision
//! 2026-07-28.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::FederationError;

const MARK: &str = "x-mcp-header";

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    header: HeaderName,
    path: Vec<String>,
}

impl Mirror {
    /// All that a schema of arguments names. One that names them wrongly describes no tool that may be called.
    pub(crate) fn all(schema: &Value) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        collect(schema, &mut Vec::new(), &mut found)?;
        if marks(schema) != found.len() {
            return Err(format!("inputSchema: {MARK} stands where no single argument is meant"));
        }
        let mut names: Vec<_> = found.iter().map(|mirror| mirror.header.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(format!("inputSchema: two arguments want the same {MARK}"));
        }
        Ok(found)
    }

    /// The header, where the argument was given.
    pub(crate) fn header(
        &self,
        arguments: &Map<String, Value>,
    ) -> Result<Option<(HeaderName, HeaderValue)>, FederationError> {
        let mut steps = self.path.iter();
        let first = steps.next().and_then(|step| arguments.get(step));
        let value = steps.fold(first, |value, step| value?.get(step));
        let text = match value {
            Some(Value::String(text)) => encoded(text),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Number(value)) => value.to_string(),
            _ => return Ok(None),
        };
        Ok(Some(egress::header(self.header.as_str(), &text)?))
    }
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Mirror>) -> Result<(), String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(header) = property.get(MARK).and_then(Value::as_str) {
            let kind = property.get("type").and_then(Value::as_str);
            let header = HeaderName::try_from(format!("mcp-param-{header}"));
            match (header, kind) {
                (Ok(header), Some("string" | "integer" | "boolean")) => {
                    found.push(Mirror { header, path: path.clone() });
                }
                _ => {
                    return Err(format!(
                        "inputSchema: {MARK} of {name} is no header's name, or not of a plain type"
                    ));
                }
            }
        }
        collect(property, path, found)?;
        path.pop();
    }
    Ok(())
}

/// How often it is said at all.
fn marks(part: &Value) -> usize {
    match part {
        Value::Array(items) => items.iter().map(marks).sum(),
        Value::Object(fields) => {
            let own = fields.get(MARK).is_some_and(Value::is_string);
            usize::from(own) + fields.values().map(marks).sum::<usize>()
        }
        _ => 0,
    }
}

/// Text as it can stand in a header, by the protocol's rule.
fn encoded(text: &str) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && text.trim() == text;
    if plain && !(text.starts_with("=?base64?") && text.ends_with("?=")) {
        return text.to_owned();
    }
    format!("=?base64?{}?=", BASE64_STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Mirror;

    fn schema(properties: &Value) -> Value {
        json!({"type": "object", "properties": properties})
    }

    #[test]
    fn arguments_are_repeated_as_the_protocol_says() {
        let region = json!({"type": "string", "x-mcp-header": "Region"});
        let inner = json!({"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "n"}}});
        let mirrors = Mirror::all(&schema(&json!({"region": region, "inner": inner}))).unwrap();
        let of = |arguments: Value| {
            let arguments = arguments.as_object().unwrap().clone();
            let headers = mirrors.iter().filter_map(|mirror| mirror.header(&arguments).unwrap());
            let mut lines: Vec<_> =
                headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            lines.sort();
            lines
        };
        assert_eq!(
            of(json!({"region": "eu", "inner": {"n": 3}})),
            ["mcp-param-n: 3", "mcp-param-region: eu"]
        );
        assert_eq!(of(json!({"region": "서울"})), ["mcp-param-region: =?base64?7ISc7Jq4?="]);
        assert_eq!(
            of(json!({"region": "a\r\nhost: evil"})),
            ["mcp-param-region: =?base64?YQ0KaG9zdDogZXZpbA==?="]
        );
        assert_eq!(of(json!({"region": " a"})), ["mcp-param-region: =?base64?IGE=?="]);
        assert_eq!(
            of(json!({"region": "=?base64?eA==?="})),
            ["mcp-param-region: =?base64?PT9iYXNlNjQ/ZUE9PT89?="]
        );
        assert!(of(json!({"region": null, "inner": 3})).is_empty());
        let long = json!({"region": "x".repeat(9000)}).as_object().unwrap().clone();
        assert!(mirrors.iter().any(|mirror| mirror.header(&long).is_err()));
    }

    #[test]
    fn wrong_marks_make_no_tool() {
        let named = |header: &str| json!({"type": "string", "x-mcp-header": header});
        for attack in [
            schema(&json!({"a": named("")}))
                .to_string()
                .replace("\"x-mcp-header\":\"\"", "\"x-mcp-header\":\" \""),
            schema(&json!({"a": named("x\r\ny")})).to_string(),
            schema(&json!({"a": named("x"), "b": named("X")})).to_string(),
            schema(&json!({"a": {"type": "object", "x-mcp-header": "x"}})).to_string(),
            schema(&json!({"a": {"type": "array", "items": named("x")}})).to_string(),
            json!({"type": "object", "x-mcp-header": "x"}).to_string(),
        ] {
            let schema = serde_json::from_str(&attack).unwrap();
            assert!(Mirror::all(&schema).is_err(), "{attack}");
        }
        let property = schema(&json!({"x-mcp-header": {"type": "string"}}));
        assert!(Mirror::all(&property).unwrap().is_empty());
    }
}
