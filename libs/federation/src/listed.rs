//! A tool as it is listed.

use serde_json::{Map, Value};

use crate::{Mirror, cleaned, is_clean, schema};

const LONGEST_TITLE: usize = 256;
const LONGEST_DESCRIPTION: usize = 16 * 1024;

/// What a server says about one of its tools. Whatever is shown of it is text of strangers, cleaned.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// How the server calls it.
    pub name: String,
    /// How it is shown to people.
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// The schema of its arguments; what compiles it has bounds of its own.
    pub input: Value,
    /// The schema of its structured answer.
    pub output: Option<Value>,
    /// What it says that it does to the world.
    pub hints: Hints,
    /// Arguments that the server wants in headers too.
    pub mirrors: Vec<Mirror>,
    /// The digest of all that it says, as it says it.
    pub digest: String,
    /// Whether there was something in it that cannot be seen, and was taken out.
    pub had_hidden: bool,
}

/// What a tool says that it does to the world. Nothing may be permitted because of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// What it changes may be lost.
    pub destructive: Option<bool>,
    /// It may be called twice.
    pub idempotent: Option<bool>,
    /// It reaches what is not its own.
    pub open_world: Option<bool>,
}

impl Listed {
    /// Reads one; the error says why it cannot be offered.
    pub(crate) fn read(mut tool: Map<String, Value>, name: &str, digest: String) -> Result<Self, String> {
        let title = text(&mut tool, "title", LONGEST_TITLE)?;
        let description = text(&mut tool, "description", LONGEST_DESCRIPTION)?.unwrap_or_default();
        let had_hidden =
            [title.as_ref(), Some(&description)].into_iter().flatten().any(|text| !is_clean(text));
        let input = tool.remove("inputSchema").ok_or("it has no inputSchema")?;
        let output = tool.remove("outputSchema").filter(|schema| !schema.is_null());
        let (input, hidden_in_input) =
            schema::cleaned(input).map_err(|problem| format!("inputSchema: {problem}"))?;
        let output = output.map(schema::cleaned).transpose();
        let (output, hidden_in_output) =
            output.map_err(|problem| format!("outputSchema: {problem}"))?.unzip();
        Ok(Self {
            name: name.to_owned(),
            title: title.map(|title| cleaned(&title).replace('\n', " ")).filter(|title| !title.is_empty()),
            description: cleaned(&description),
            mirrors: Mirror::all(&input)?,
            input,
            output,
            hints: hints(tool.get("annotations")),
            digest,
            had_hidden: had_hidden || hidden_in_input || hidden_in_output.unwrap_or_default(),
        })
    }
}

fn text(tool: &mut Map<String, Value>, field: &str, longest: usize) -> Result<Option<String>, String> {
    match tool.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= longest => Ok(Some(text)),
        Some(Value::String(text)) => {
            Err(format!("{field}: {} bytes are above the limit of {longest}", text.len()))
        }
        Some(_) => Err(format!("{field}: expected text")),
    }
}

fn hints(annotations: Option<&Value>) -> Hints {
    let hint =
        |name: &str| annotations.and_then(|annotations| annotations.get(name)).and_then(Value::as_bool);
    Hints {
        read_only: hint("readOnlyHint"),
        destructive: hint("destructiveHint"),
        idempotent: hint("idempotentHint"),
        open_world: hint("openWorldHint"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Listed;

    fn read(tool: &Value) -> Result<Listed, String> {
        Listed::read(tool.as_object().unwrap().clone(), "find", String::new())
    }

    #[test]
    fn what_is_shown_can_be_seen() {
        let listed = read(&json!({
            "title": "Find\u{202e}\nit",
            "description": "Finds.\u{e0041}\u{200b}\nAll.",
            "inputSchema": {"type": "object", "properties": {"q": {"type": "string", "description": "\u{1b}[8mhidden\u{1b}[0m"}}},
            "annotations": {"readOnlyHint": true, "destructiveHint": "no", "title": "x"},
        }));
        let listed = listed.unwrap();
        assert_eq!(listed.title.as_deref(), Some("Find it"));
        assert_eq!(listed.description, "Finds.\nAll.");
        assert_eq!(listed.input["properties"]["q"]["description"], "hidden");
        assert_eq!((listed.hints.read_only, listed.hints.destructive), (Some(true), None));
        assert!(listed.had_hidden);
        let plain = read(&json!({"description": "Finds.", "inputSchema": {"type": "object"}})).unwrap();
        assert!(!plain.had_hidden && plain.title.is_none());
    }

    #[test]
    fn what_cannot_be_offered_is_refused_by_its_field() {
        let schema = json!({"type": "object"});
        for (tool, field) in [
            (json!({"description": "x".repeat(20_000), "inputSchema": schema}), "description"),
            (json!({"title": "x".repeat(300), "inputSchema": schema}), "title"),
            (json!({"description": ["x"], "inputSchema": schema}), "description"),
            (json!({"description": "x"}), "inputSchema"),
            (json!({"inputSchema": {"type": "object", "properties": {"a\u{200b}": {}}}}), "inputSchema"),
            (json!({"inputSchema": {"enum": ["a\u{202e}"]}}), "inputSchema"),
            (json!({"inputSchema": schema, "outputSchema": {"const": "\u{7}"}}), "outputSchema"),
        ] {
            let problem = read(&tool).unwrap_err();
            assert!(problem.contains(field), "{field}: {problem}");
        }
    }
}
