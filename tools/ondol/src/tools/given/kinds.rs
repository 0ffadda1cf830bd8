//! What kinds of values an argument may have, as far as its schema says.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

/// References are followed as deep as this.
const DEEPEST: usize = 16;

/// JSON Schema's names of types; nothing where the schema leaves it open.
pub(super) struct Kinds<'a>(Option<BTreeSet<&'a str>>);

impl<'a> Kinds<'a> {
    /// Whatever it is.
    pub(super) const ANY: Self = Self(None);

    /// Those of an argument, by the schema of all of them.
    pub(super) fn of_argument(arguments: &'a Value, name: &str) -> Self {
        let argument = arguments.get("properties").and_then(|properties| properties.get(name));
        Self(argument.and_then(|argument| kinds(argument, arguments, DEEPEST)))
    }

    /// Whether nothing but text is taken.
    pub(super) fn are_text(&self) -> bool {
        self.0.as_ref().is_some_and(|kinds| kinds.len() == 1 && kinds.contains("string"))
    }

    pub(super) fn take_text(&self) -> bool {
        self.0.as_ref().is_none_or(|kinds| kinds.contains("string"))
    }

    pub(super) fn take(&self, value: &Value) -> bool {
        let Some(kinds) = &self.0 else { return true };
        let is_whole = |value: &Value| value.as_f64().is_some_and(|number| number.fract() == 0.0);
        kinds.contains(kind_of(value)) || (kinds.contains("integer") && value.is_number() && is_whole(value))
    }
}

/// As people say it, with an example of how it is written.
impl fmt::Display for Kinds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.0.iter().flatten().map(|kind| said(kind)).collect();
        f.write_str(&kinds.join(" or "))
    }
}

fn said(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list such as '[\"a\",\"b\"]'",
        "object" => "an object such as '{\"a\":1}'",
        other => other,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn kinds<'a>(schema: &'a Value, whole: &'a Value, depth: usize) -> Option<BTreeSet<&'a str>> {
    let depth = depth.checked_sub(1)?;
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        return kinds(whole.pointer(place.strip_prefix('#')?)?, whole, depth);
    }
    match schema.get("type") {
        Some(Value::String(kind)) => return Some(BTreeSet::from([kind.as_str()])),
        Some(Value::Array(several)) => return several.iter().map(Value::as_str).collect(),
        _ => {}
    }
    if let Some(value) = schema.get("const") {
        return Some(BTreeSet::from([kind_of(value)]));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().map(kind_of).collect());
    }
    let either = ["anyOf", "oneOf"].iter().find_map(|word| schema.get(*word)?.as_array());
    let either = either?.iter().map(|one| kinds(one, whole, depth));
    either.collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
}
