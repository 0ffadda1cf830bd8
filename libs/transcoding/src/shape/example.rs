//! A message with everything that it can hold at the same time.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use serde_json::{Value as Json, json};

use super::Reading;
use crate::json::{example, is_known, scalar};

/// Makes examples.
pub(super) struct Example<'a> {
    reading: &'a Reading,
    /// The messages that are being made: one that holds itself is left out the second time.
    within: Vec<String>,
}

impl<'a> Example<'a> {
    pub(super) fn new(reading: &'a Reading) -> Self {
        Self { reading, within: Vec::new() }
    }

    /// An example of a message.
    pub(super) fn of(&mut self, described: &MessageDescriptor) -> DynamicMessage {
        if is_known(described.full_name()) {
            return example(described).unwrap_or_else(|| DynamicMessage::new(described.clone()));
        }
        let mut message = DynamicMessage::new(described.clone());
        self.within.push(described.full_name().to_owned());
        let reading = self.reading;
        for field in described.fields().filter(|field| reading.shows(field) && comes_first(field)) {
            if let Some(value) = self.field(&field) {
                message.set_field(&field, value);
            }
        }
        self.within.pop();
        message
    }

    fn field(&mut self, field: &FieldDescriptor) -> Option<Value> {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let key = match entry.map_entry_key_field().kind() {
                    Kind::String => MapKey::String("name".to_owned()),
                    other => MapKey::default_value(&other),
                };
                let value = self.value(&entry.map_entry_value_field().kind())?;
                Some(Value::Map([(key, value)].into()))
            }
            kind if field.is_list() => Some(Value::List(vec![self.value(&kind)?])),
            kind => self.value(&kind),
        }
    }

    fn value(&mut self, kind: &Kind) -> Option<Value> {
        match kind {
            Kind::Message(inner) if is_known(inner.full_name()) => example(inner).map(Value::Message),
            Kind::Message(inner) if self.within.iter().any(|name| name == inner.full_name()) => None,
            Kind::Message(inner) => Some(Value::Message(self.of(inner))),
            // The first name says that there is none.
            Kind::Enum(described) => {
                let value = described.values().nth(1).unwrap_or_else(|| described.default_value());
                Some(Value::EnumNumber(value.number()))
            }
            plain => scalar(plain, &some(plain)).ok(),
        }
    }
}

/// A value that is not nothing, as JSON.
fn some(kind: &Kind) -> Json {
    match kind {
        Kind::String => json!("string"),
        Kind::Bytes => json!("Ynl0ZXM="),
        Kind::Bool => json!(true),
        _ => json!(1),
    }
}

/// Whether it is the first of those of which one can be given, or one that excludes no other.
fn comes_first(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_none_or(|group| group.fields().next().is_none_or(|first| first == *field))
}
