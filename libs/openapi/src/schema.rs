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

/// Keywords that hold a schema, a list of them, or a table of them.
const ONE: [&str; 10] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const TABLE: [&str; 2] = ["dependentSchemas", "patternProperties"];
/// Keywords that say nothing about values, or are handled apart.
const DROPPED: [&str; 15] = [
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "definitions",
    "deprecated",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "readOnly",
    "writeOnly",
    "xml",
];

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
        self.layers(schema, MAX_LAYERS)
    }

    fn layers(&self, schema: &Map<String, Value>, depth: usize) -> Option<Map<String, Value>> {
        let depth = depth.checked_sub(1)?;
        let schema = self.resolved(schema)?;
        let other = |name: &str| {
            matches!(
                name,
                "anyOf"
                    | "oneOf"
                    | "not"
                    | "if"
                    | "patternProperties"
                    | "dependentSchemas"
                    | "enum"
                    | "const"
            )
        };
        let is_object = schema.get("type").is_none_or(|kind| kind == "object");
        if !is_object || schema.keys().any(|name| other(name)) {
            return None;
        }
        let mut properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for layer in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let mut layer = self.layers(layer.as_object()?, depth)?;
            if let Some(Value::Object(more)) = layer.remove("properties") {
                properties.extend(more);
            }
            if let Some(Value::Array(more)) = layer.remove("required") {
                required.extend(more);
            }
        }
        if properties.is_empty() {
            return None;
        }
        let mut flat = Map::new();
        flat.insert("properties".to_owned(), Value::Object(properties));
        flat.insert("required".to_owned(), Value::Array(required));
        Some(flat)
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
            if let Some(value) = self.keyword(place, name, value, depth)? {
                converted.insert(name.clone(), value);
            }
        }
        self.leave_out(fields, &mut converted);
        Ok(Value::Object(if self.document.is_older() { modern(fields, converted) } else { converted }))
    }

    /// A keyword with what it holds; none where it is left out.
    fn keyword(
        &mut self,
        place: &str,
        name: &str,
        value: &'a Value,
        depth: usize,
    ) -> Result<Option<Value>, OpenApiError> {
        if DROPPED.contains(&name) || name == "$ref" || name.starts_with("x-") {
            return Ok(None);
        }
        if name == "$dynamicRef" || name == "$recursiveRef" {
            return Err(OpenApiError::at(place, format!("{name} is not followed: use $ref")));
        }
        if self.direction == Direction::Output
            && (name == "format" || (name == "additionalProperties" && *value == false))
        {
            return Ok(None);
        }
        let here = format!("{place}/{name}");
        if ONE.contains(&name) {
            return self.part(&here, value, depth).map(Some);
        }
        if LIST.contains(&name) {
            let items =
                value.as_array().ok_or_else(|| OpenApiError::at(&here, "expected a list of schemas"))?;
            let items = items
                .iter()
                .enumerate()
                .map(|(index, item)| self.part(&format!("{here}/{index}"), item, depth));
            return Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)));
        }
        if name == "properties" || TABLE.contains(&name) {
            let fields =
                value.as_object().ok_or_else(|| OpenApiError::at(&here, "expected schemas by name"))?;
            let fields = fields.iter().map(|(name, field)| {
                Ok((
                    name.clone(),
                    self.part(&format!("{here}/{}", crate::document::escaped(name)), field, depth)?,
                ))
            });
            return Ok(Some(Value::Object(fields.collect::<Result<_, OpenApiError>>()?)));
        }
        Ok(Some(value.clone()))
    }

    /// Takes out the properties that do not go this way.
    fn leave_out(&self, original: &Map<String, Value>, converted: &mut Map<String, Value>) {
        let flag = if self.direction == Direction::Input { "readOnly" } else { "writeOnly" };
        let away = |field: &Value| field.get(flag) == Some(&Value::Bool(true));
        let fields = original.get("properties").and_then(Value::as_object).into_iter().flatten();
        let gone: Vec<&String> = fields.filter(|(_, field)| away(field)).map(|(name, _)| name).collect();
        if let Some(Value::Object(properties)) = converted.get_mut("properties") {
            properties.retain(|name, _| !gone.contains(&name));
        }
        if let Some(Value::Array(required)) = converted.get_mut("required") {
            required.retain(|name| !gone.iter().any(|gone| name == *gone));
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
