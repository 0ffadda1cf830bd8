//! Schemas as documents have them, as JSON Schemas that stand on their own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{Document, OpenApiError, arguments::Names};

/// The parts of all schemas of one operation.
const MAX_PARTS: usize = 20_000;
/// The deepest that one may be nested.
const MAX_DEPTH: usize = 48;
/// How many definitions one operation may need.
const MAX_DEFINITIONS: usize = 1_000;
/// How deep definitions are looked through for their fields.
const MAX_LAYERS: usize = 8;
/// How many schemas are looked at to find out whether one is an object with plain fields.
const MAX_LOOKS: usize = 128;
/// The longest description of a part.
const MAX_WORDS: usize = 1024;

/// Keywords that hold a schema, a list of them, or a table of them.
const ONE: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const TABLE: [&str; 2] = ["dependentSchemas", "patternProperties"];
/// Keywords whose values are taken as they are. Words that are not known say nothing to those who check.
const PLAIN: [&str; 26] = [
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "title",
    "type",
    "uniqueItems",
];

/// The words of JSON Schema that say something about a value. To those who check, any other word says nothing.
pub fn schema_words() -> impl Iterator<Item = &'static str> {
    let referring = ["$comment", "$defs", "$ref", "deprecated", "examples", "properties"];
    ONE.into_iter().chain(LIST).chain(TABLE).chain(PLAIN).chain(referring)
}

/// Which way values go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the API: what only it may set is left out.
    Input,
    /// From the API: what is only sent is left out, and what an answer may hold beyond its description is not judged.
    Output,
}

/// The schemas of one operation, and what they refer to.
pub(crate) struct Schemas<'a> {
    document: &'a Document,
    direction: Direction,
    /// What was referred to, by its place in the document.
    known: BTreeMap<String, String>,
    names: Names,
    definitions: Map<String, Value>,
    /// What was referred to and is not converted yet.
    waiting: Vec<(String, String, &'a Value)>,
    parts: usize,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(document: &'a Document, direction: Direction) -> Self {
        Self {
            document,
            direction,
            known: BTreeMap::new(),
            names: Names::default(),
            definitions: Map::new(),
            waiting: Vec::new(),
            parts: 0,
        }
    }

    /// The schema at a place, and with it everything that it refers to.
    pub(crate) fn convert(
        &mut self,
        place: &str,
        schema: &'a Value,
    ) -> Result<Map<String, Value>, OpenApiError> {
        let converted = self.part(place, schema, MAX_DEPTH)?;
        while let Some((place, name, schema)) = self.waiting.pop() {
            let definition = self.part(&place, schema, MAX_DEPTH)?;
            self.definitions.insert(name, definition);
        }
        match converted {
            Value::Object(fields) => Ok(fields),
            Value::Bool(false) => Err(OpenApiError::at(place, "is a schema that nothing fits")),
            _ => Ok(Map::new()),
        }
    }

    /// What the schemas so far refer to.
    pub(crate) fn definitions(self) -> Map<String, Value> {
        self.definitions
    }

    /// The type of its values, if it is one.
    pub(crate) fn kind(&self, schema: &Map<String, Value>) -> Option<String> {
        let schema = self.resolved(schema)?;
        schema.get("type").and_then(Value::as_str).map(str::to_owned)
    }

    /// An object's fields and which of them must be there, if that is all that the schema says; none where it is anything
    /// else, or a choice.
    pub(crate) fn flat(&self, schema: &Map<String, Value>) -> Option<Map<String, Value>> {
        let mut looks = MAX_LOOKS;
        let (mut properties, mut required) = (Map::new(), Vec::new());
        self.gather(schema, MAX_LAYERS, &mut looks, (&mut properties, &mut required))?;
        // A field that must be there and is not described could not be given.
        let described = |name: &Value| name.as_str().is_some_and(|name| properties.contains_key(name));
        if properties.is_empty() || !required.iter().all(described) {
            return None;
        }
        let mut flat = Map::new();
        flat.insert("properties".to_owned(), Value::Object(properties));
        flat.insert("required".to_owned(), Value::Array(required));
        Some(flat)
    }

    fn gather(
        &self,
        schema: &Map<String, Value>,
        depth: usize,
        looks: &mut usize,
        (properties, required): (&mut Map<String, Value>, &mut Vec<Value>),
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        *looks = looks.checked_sub(1)?;
        let schema = self.resolved(schema)?;
        let plain = |name: &str, value: &Value| match name {
            "properties" | "required" | "allOf" | "title" | "description" => true,
            "type" => value == "object",
            "additionalProperties" => value.is_boolean(),
            _ => false,
        };
        if !schema.iter().all(|(name, value)| plain(name, value)) {
            return None;
        }
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            // Described twice, it is both at once.
            if properties.insert(name.clone(), field.clone()).is_some() {
                return None;
            }
        }
        required.extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().cloned());
        for layer in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.gather(layer.as_object()?, depth, looks, (properties, required))?;
        }
        Some(())
    }

    fn resolved<'s>(&'s self, schema: &'s Map<String, Value>) -> Option<&'s Map<String, Value>> {
        let mut schema = schema;
        for _ in 0..MAX_LAYERS {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
            schema = self.definitions.get(target.strip_prefix("#/$defs/")?)?.as_object()?;
        }
        None
    }

    fn part(&mut self, place: &str, schema: &'a Value, depth: usize) -> Result<Value, OpenApiError> {
        self.parts += 1;
        let Some(depth) = depth.checked_sub(1).filter(|_| self.parts <= MAX_PARTS) else {
            return Err(OpenApiError::at(
                place,
                "the schemas of this operation are too large, or nested too deep",
            ));
        };
        let fields = match schema {
            Value::Bool(_) => return Ok(schema.clone()),
            Value::Object(fields) => fields,
            _ => return Err(OpenApiError::at(place, "expected a schema")),
        };
        let mut converted = Map::new();
        if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
            converted.insert("$ref".to_owned(), self.define(place, target)?.into());
            if self.document.is_older() {
                // There a reference stands alone, whatever is beside it.
                return Ok(Value::Object(converted));
            }
        }
        for (name, value) in fields {
            if let Some((name, value)) = self.keyword(place, name, value, depth)? {
                converted.insert(name.to_owned(), value);
            }
        }
        self.leave_out(fields, &mut converted);
        // Words of 3.0 are found in documents that say 3.1, too.
        Ok(Value::Object(modern(fields, converted)))
    }

    /// A keyword with what it holds, under the name that it gets; none where it is left out.
    fn keyword(
        &mut self,
        place: &str,
        name: &'a str,
        value: &'a Value,
        depth: usize,
    ) -> Result<Option<(&'a str, Value)>, OpenApiError> {
        let here = format!("{place}/{name}");
        let is_answer = self.direction == Direction::Output;
        match name {
            "$dynamicRef" | "$recursiveRef" => {
                Err(OpenApiError::at(place, format!("{name} is not followed: use $ref")))
            }
            // An answer may hold more than is described, and then fit what it should not, or more than one of a choice.
            "format" | "not" if is_answer => Ok(None),
            "additionalProperties" if is_answer && *value == false => Ok(None),
            "oneOf" if is_answer => self.list(&here, value, depth).map(|list| Some(("anyOf", list))),
            _ if ONE.contains(&name) => self.part(&here, value, depth).map(|part| Some((name, part))),
            _ if LIST.contains(&name) => self.list(&here, value, depth).map(|list| Some((name, list))),
            "properties" => self.properties(&here, value, depth).map(|table| Some((name, table))),
            _ if TABLE.contains(&name) => self.table(&here, value, depth).map(|table| Some((name, table))),
            // Ours run in linear time, and so cannot look around; the API checks its own.
            "pattern" if value.as_str().is_some_and(looks_around) => Ok(None),
            "required" if !value.is_array() => Ok(None),
            "title" | "description" => Ok(value.as_str().map(|words| (name, shortened(words).into()))),
            _ if PLAIN.contains(&name) => {
                self.parts += weight(value);
                Ok(Some((name, value.clone())))
            }
            _ => Ok(None),
        }
    }

    fn list(&mut self, place: &str, value: &'a Value, depth: usize) -> Result<Value, OpenApiError> {
        let items = value.as_array().ok_or_else(|| OpenApiError::at(place, "expected a list of schemas"))?;
        let items = items.iter().enumerate();
        let items = items.map(|(index, item)| self.part(&format!("{place}/{index}"), item, depth));
        Ok(Value::Array(items.collect::<Result<_, _>>()?))
    }

    fn table(&mut self, place: &str, value: &'a Value, depth: usize) -> Result<Value, OpenApiError> {
        let fields = value.as_object().ok_or_else(|| OpenApiError::at(place, "expected schemas by name"))?;
        let fields = fields.iter().map(|(name, field)| {
            let place = format!("{place}/{}", crate::document::escaped(name));
            Ok((name.clone(), self.part(&place, field, depth)?))
        });
        Ok(Value::Object(fields.collect::<Result<_, OpenApiError>>()?))
    }

    /// The properties that go this way.
    fn properties(&mut self, place: &str, value: &'a Value, depth: usize) -> Result<Value, OpenApiError> {
        let fields = value.as_object().ok_or_else(|| OpenApiError::at(place, "expected schemas by name"))?;
        let mut going = Map::new();
        for (name, field) in fields {
            let place = format!("{place}/{}", crate::document::escaped(name));
            if self.goes(field) {
                going.insert(name.clone(), self.part(&place, field, depth)?);
            }
        }
        Ok(Value::Object(going))
    }

    /// Whether a property goes this way, as it says or what it refers to.
    fn goes(&self, field: &Value) -> bool {
        let flag = if self.direction == Direction::Input { "readOnly" } else { "writeOnly" };
        let mut field = field;
        for _ in 0..MAX_LAYERS {
            if field.get(flag) == Some(&Value::Bool(true)) {
                return false;
            }
            let target = field.get("$ref").and_then(Value::as_str);
            // One that leads nowhere is told of where it is converted.
            match target.and_then(|target| self.document.follow("", target).ok()) {
                Some(referred) => field = referred,
                None => return true,
            }
        }
        true
    }

    /// Nobody has to give what does not go this way.
    fn leave_out(&self, original: &Map<String, Value>, converted: &mut Map<String, Value>) {
        let fields = original.get("properties").and_then(Value::as_object);
        let goes = |name: &Value| {
            name.as_str().and_then(|name| fields?.get(name)).is_none_or(|field| self.goes(field))
        };
        if let Some(Value::Array(required)) = converted.get_mut("required") {
            required.retain(goes);
        }
    }

    /// The reference to something of the document, which becomes a definition.
    fn define(&mut self, place: &str, target: &str) -> Result<String, OpenApiError> {
        if let Some(name) = self.known.get(target) {
            return Ok(format!("#/$defs/{name}"));
        }
        let schema = self.document.follow(place, target)?;
        if self.known.len() >= MAX_DEFINITIONS {
            return Err(OpenApiError::at(place, format!("needs more than {MAX_DEFINITIONS} definitions")));
        }
        let name = self.names.take(target.rsplit('/').next().unwrap_or_default());
        self.known.insert(target.to_owned(), name.clone());
        self.waiting.push((target.trim_start_matches('#').to_owned(), name.clone(), schema));
        Ok(format!("#/$defs/{name}"))
    }
}

/// Whether a pattern looks ahead or behind.
fn looks_around(pattern: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!"].into_iter().any(|sign| pattern.contains(sign))
}

/// Words that are not too many.
pub(crate) fn shortened(words: &str) -> &str {
    words.get(..words.floor_char_boundary(MAX_WORDS)).unwrap_or(words)
}

/// What a value costs, in parts of a schema.
fn weight(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 1,
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| name.len() / 64 + weight(field)).sum::<usize>() + 1
        }
        Value::String(text) => text.len() / 64 + 1,
        _ => 1,
    }
}

/// A schema of 3.0 in the words of today.
fn modern(original: &Map<String, Value>, mut converted: Map<String, Value>) -> Map<String, Value> {
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match converted.remove(exclusive) {
            Some(Value::Bool(true)) => {
                if let Some(bound) = converted.remove(limit) {
                    converted.insert(exclusive.to_owned(), bound);
                }
            }
            Some(bound @ Value::Number(_)) => {
                converted.insert(exclusive.to_owned(), bound);
            }
            _ => {}
        }
    }
    if original.get("nullable") != Some(&Value::Bool(true)) {
        return converted;
    }
    if let Some(Value::Array(values)) = converted.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match converted.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(kind) => {
            converted.insert("type".to_owned(), json!([kind, "null"]));
            converted
        }
        None if converted.keys().any(|name| LIST.contains(&name.as_str())) => {
            let choice = json!({"anyOf": [converted, {"type": "null"}]});
            choice.as_object().cloned().unwrap_or_default()
        }
        None => converted,
    }
}
