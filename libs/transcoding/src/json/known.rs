//! Messages with a JSON of their own: times, structures, wrappers.

use prost_reflect::{DynamicMessage, MessageDescriptor, Value};
use serde_json::{Value as Json, json};

use super::scalar::{scalar, unexpected};

/// The messages, and what their JSON is.
const KNOWN: [(&str, &str); 8] = [
    ("google.protobuf.Any", "an object with the message's type in `@type`"),
    ("google.protobuf.Timestamp", "a time such as \"2026-01-31T12:00:00Z\""),
    ("google.protobuf.Duration", "seconds with an s, such as \"1.5s\""),
    ("google.protobuf.FieldMask", "names of fields with commas between, such as \"name,state\""),
    ("google.protobuf.Struct", "an object"),
    ("google.protobuf.ListValue", "a list"),
    ("google.protobuf.Value", "JSON"),
    ("google.protobuf.Empty", "an empty object"),
];

/// Those whose JSON is that of their one field.
const WRAPPERS: [&str; 9] = [
    "google.protobuf.BoolValue",
    "google.protobuf.BytesValue",
    "google.protobuf.DoubleValue",
    "google.protobuf.FloatValue",
    "google.protobuf.Int32Value",
    "google.protobuf.Int64Value",
    "google.protobuf.StringValue",
    "google.protobuf.UInt32Value",
    "google.protobuf.UInt64Value",
];

/// Whether the JSON of a message of this full name is not an object of its fields.
pub(crate) fn is_known(name: &str) -> bool {
    is_wrapper(name) || expected(name).is_some()
}

/// Whether it is that of its one field.
pub(crate) fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name)
}

fn expected(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, expected)| *expected)
}

/// JSON as such a message. An error says what was expected and what came.
pub(super) fn known(described: &MessageDescriptor, json: &Json) -> Result<DynamicMessage, String> {
    if is_wrapper(described.full_name()) {
        return wrapped(described, json);
    }
    DynamicMessage::deserialize(described.clone(), json).map_err(|error| {
        let told = unexpected(expected(described.full_name()).unwrap_or("JSON"), json);
        // What is wrong inside of it is more than its shape.
        if json.is_object() { format!("{told}: {error}") } else { told }
    })
}

/// One of them, to show what it looks like; none where that hangs on what it holds.
pub(crate) fn example(described: &MessageDescriptor) -> Option<DynamicMessage> {
    let json = match described.full_name() {
        "google.protobuf.Any" => return None,
        "google.protobuf.Timestamp" => json!("2026-01-31T12:00:00Z"),
        "google.protobuf.Duration" => json!("1.5s"),
        "google.protobuf.FieldMask" => json!("name,state"),
        "google.protobuf.Value" => json!("any JSON"),
        "google.protobuf.ListValue" => json!([]),
        name if is_wrapper(name) => return Some(DynamicMessage::new(described.clone())),
        _ => json!({}),
    };
    known(described, &json).ok()
}

fn wrapped(described: &MessageDescriptor, json: &Json) -> Result<DynamicMessage, String> {
    let mut message = DynamicMessage::new(described.clone());
    let Some(field) = described.get_field(1) else { return Err("has no value".to_owned()) };
    let value = scalar(&field.kind(), json)?;
    // They could not be told again: there they would be `null`.
    let finite = match &value {
        Value::F64(number) => number.is_finite(),
        Value::F32(number) => number.is_finite(),
        _ => true,
    };
    if !finite {
        return Err(unexpected("a finite number", json));
    }
    message.set_field(&field, value);
    Ok(message)
}

/// How many messages there are within a `Value` of this JSON: a structure with its entries and their values, or a list
/// with its values.
pub(super) fn nesting(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(|item| 1 + nesting(item)).max().unwrap_or_default(),
        Json::Object(fields) => 1 + fields.values().map(|value| 2 + nesting(value)).max().unwrap_or_default(),
        _ => 0,
    }
}
