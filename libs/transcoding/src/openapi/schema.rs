//! Messages as JSON Schemas.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::{comments::Comments, json::is_known};

/// The messages and enums that were met.
pub(super) struct Schemas<'a> {
    pub(super) comments: &'a Comments,
    met: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(comments: &'a Comments) -> Self {
        Self { comments, met: BTreeMap::new() }
    }

    pub(super) fn into_met(self) -> BTreeMap<String, Value> {
        self.met
    }

    /// A message, as a reference unless its JSON is of a kind of its own.
    pub(super) fn message(&mut self, message: &MessageDescriptor) -> Value {
        let name = message.full_name();
        if is_known(name) {
            return self.known(message);
        }
        if !self.met.contains_key(name) {
            // First, since it may hold itself.
            self.met.insert(name.to_owned(), Value::Null);
            let schema = self.object(message, &[]);
            self.met.insert(name.to_owned(), schema);
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    /// The fields of a message but some, as an object.
    pub(super) fn object(&mut self, message: &MessageDescriptor, without: &[&FieldDescriptor]) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in message.fields().filter(|field| !without.contains(&field)) {
            if is_required(self.comments.field(&field)) {
                required.push(field.json_name().to_owned());
            }
            properties.insert(field.json_name().to_owned(), self.field(&field));
        }
        let mut schema = json!({"type": "object", "properties": properties});
        let description = self.described(message);
        if !description.is_empty() {
            schema["description"] = description.into();
        }
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema
    }

    /// A field, with its comment.
    pub(super) fn field(&mut self, field: &FieldDescriptor) -> Value {
        let mut schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let values = self.kind(&entry.map_entry_value_field().kind());
                json!({"type": "object", "additionalProperties": values})
            }
            kind if field.is_list() => json!({"type": "array", "items": self.kind(&kind)}),
            kind => self.kind(&kind),
        };
        let comment = self.comments.field(field);
        if !comment.is_empty() {
            schema["description"] = comment.into();
        }
        if comment.starts_with("Output.") {
            schema["readOnly"] = true.into();
        }
        schema
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Double => json!({"type": "number", "format": "double"}),
            Kind::Float => json!({"type": "number", "format": "float"}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({"type": "integer", "format": "int32"}),
            Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({"type": "string", "format": "int64"}),
            Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "format": "uint64"}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Enum(described) => self.enumeration(described),
            Kind::Message(message) => self.message(message),
        }
    }

    fn enumeration(&mut self, described: &EnumDescriptor) -> Value {
        let name = described.full_name();
        if name == "google.protobuf.NullValue" {
            return json!({"type": "null"});
        }
        if !self.met.contains_key(name) {
            let names: Vec<_> = described.values().map(|value| value.name().to_owned()).collect();
            let mut lines = vec![self.comments.at(&described.parent_file(), described.path()).to_owned()];
            lines.extend(described.values().filter_map(|value| {
                let comment = self.comments.at(&value.parent_file(), value.path()).replace('\n', " ");
                (!comment.is_empty()).then(|| format!("- `{}`: {comment}", value.name()))
            }));
            let mut schema = json!({"type": "string", "enum": names});
            let description = lines.join("\n");
            if !description.is_empty() {
                schema["description"] = description.into();
            }
            self.met.insert(name.to_owned(), schema);
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    fn known(&mut self, message: &MessageDescriptor) -> Value {
        match message.full_name() {
            "google.protobuf.Timestamp" => json!({"type": "string", "format": "date-time"}),
            "google.protobuf.Duration" => json!({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"}),
            "google.protobuf.FieldMask" => json!({"type": "string"}),
            "google.protobuf.Struct" => json!({"type": "object", "additionalProperties": true}),
            "google.protobuf.ListValue" => json!({"type": "array", "items": {}}),
            "google.protobuf.Value" => json!({}),
            "google.protobuf.Empty" => json!({"type": "object"}),
            "google.protobuf.Any" => json!({
                "type": "object",
                "required": ["@type"],
                "properties": {"@type": {"type": "string"}},
                "additionalProperties": true,
            }),
            // The wrappers.
            _ => message.get_field(1).map_or_else(|| json!({}), |field| self.kind(&field.kind())),
        }
    }

    /// A message's comment, and which of its fields exclude each other.
    fn described(&self, message: &MessageDescriptor) -> String {
        let comment = self.comments.at(&message.parent_file(), message.path()).to_owned();
        let groups = message.oneofs().filter(|group| !group.is_synthetic()).map(|group| {
            let names: Vec<_> = group.fields().map(|field| format!("`{}`", field.json_name())).collect();
            format!("At most one of {}.", names.join(", "))
        });
        let parts: Vec<_> = std::iter::once(comment).chain(groups).filter(|part| !part.is_empty()).collect();
        parts.join("\n\n")
    }
}

/// Whether a field's comment says that it must be given.
pub(super) fn is_required(comment: &str) -> bool {
    comment.starts_with("Required.")
}
