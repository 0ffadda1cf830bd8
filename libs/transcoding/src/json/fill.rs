//! JSON into a message.

use fault::Violation;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};
use serde_json::{Map, Value as Json};
use strictjson::Place;

use super::{
    known::{is_known, is_wrapper, known, nesting},
    scalar::{key, scalar, unexpected},
};
use crate::{TranscodingError, limits::MAX_NESTING, wrong::WrongFields};

/// Messages whose JSON is text.
const TEXTS: [&str; 3] =
    ["google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"];

/// Puts JSON into messages and keeps what is wrong with it.
#[derive(Default)]
pub(crate) struct Filling {
    wrong: WrongFields,
}

impl Filling {
    /// The whole of a message.
    pub(crate) fn whole(&mut self, message: &mut DynamicMessage, json: &Json) {
        let described = message.descriptor();
        let place = Place::top("(body)");
        if is_known(described.full_name()) {
            if let Some(filled) = self.known(&described, json, &place, 0) {
                *message = filled;
            }
            return;
        }
        match json {
            Json::Object(fields) => self.fields(message, fields, None, 0),
            other => self.say(&place, unexpected("an object", other)),
        }
    }

    /// One field of the request.
    pub(crate) fn field(&mut self, message: &mut DynamicMessage, field: &FieldDescriptor, json: &Json) {
        self.put(message, field, json, (&Place::top(field.json_name()), 0));
    }

    /// A value that stands as text in a path or a query, for a field that is reached through `path`. A field that has a
    /// value must have the same, unless it is a list.
    pub(crate) fn text(
        &mut self,
        message: &mut DynamicMessage,
        path: &[FieldDescriptor],
        text: &str,
        name: &str,
    ) {
        let place = Place::top(name);
        let Some((field, rest)) = path.split_first() else { return };
        self.refuse_rival(message, field, &place);
        if !rest.is_empty() {
            if let Some(inner) = message.get_field_mut(field).as_message_mut() {
                self.text(inner, rest, text, name);
            }
            return;
        }
        let Some(value) = self.value(&field.kind(), &as_json(&field.kind(), text), &place, 0) else { return };
        // An update may repeat in its body what stands in its path.
        if !field.is_list() && message.has_field(field) && *message.get_field(field) != value {
            return self.say(&place, "is given twice, and not with the same value".to_owned());
        }
        match message.get_field_mut(field) {
            Value::List(items) => items.push(value),
            other => *other = value,
        }
    }

    /// Keeps what is wrong elsewhere.
    pub(crate) fn say(&mut self, place: &impl ToString, description: String) {
        self.wrong.note(|| Violation::new(place.to_string(), description));
    }

    /// An error where anything was wrong.
    pub(crate) fn end(self) -> Result<(), TranscodingError> {
        self.wrong.end()
    }

    fn fields(
        &mut self,
        message: &mut DynamicMessage,
        fields: &Map<String, Json>,
        outer: Option<&Place<'_>>,
        depth: usize,
    ) {
        let described = message.descriptor();
        let mut given = Vec::with_capacity(fields.len());
        for (name, json) in fields {
            let place = Place::name(outer, name);
            let found = described.get_field_by_json_name(name).or_else(|| described.get_field_by_name(name));
            match found {
                None => self.say(&place, format!("{} has no such field", described.full_name())),
                Some(field) if given.contains(&field.number()) => {
                    self.say(&place, "is given twice".to_owned());
                }
                Some(field) => {
                    given.push(field.number());
                    self.put(message, &field, json, (&place, depth));
                }
            }
        }
    }

    fn put(
        &mut self,
        message: &mut DynamicMessage,
        field: &FieldDescriptor,
        json: &Json,
        (place, depth): (&Place<'_>, usize),
    ) {
        // Nothing, except where nothing is a value.
        if json.is_null() && !takes_null(&field.kind()) {
            return;
        }
        self.refuse_rival(message, field, place);
        let value = match json {
            Json::Array(items) if field.is_list() => {
                let items = items.iter().enumerate();
                let values = items.map(|(n, item)| self.value(&field.kind(), item, &place.index(n), depth));
                Some(Value::List(values.collect::<Vec<_>>().into_iter().flatten().collect()))
            }
            Json::Object(entries) if field.is_map() => Some(self.map(field, entries, place, depth)),
            other if field.is_list() || field.is_map() => {
                // `null` is a list without items, whatever they could be.
                let expected = if field.is_map() { "an object" } else { "a list" };
                if !other.is_null() {
                    self.say(place, unexpected(expected, other));
                }
                None
            }
            other => self.value(&field.kind(), other, place, depth),
        };
        if let Some(value) = value {
            message.set_field(field, value);
        }
    }

    fn map(
        &mut self,
        field: &FieldDescriptor,
        entries: &Map<String, Json>,
        place: &Place<'_>,
        depth: usize,
    ) -> Value {
        let Kind::Message(entry) = field.kind() else { return Value::Map([].into()) };
        let (keys, values) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let mut map = std::collections::HashMap::with_capacity(entries.len());
        for (name, json) in entries {
            let place = Place::name(Some(place), name);
            let value = self.value(&values, json, &place, depth + 1);
            match (key(&keys, name), value) {
                (Ok(key), Some(value)) if !map.contains_key(&key) => drop(map.insert(key, value)),
                (Ok(_), Some(_)) => self.say(&place, "is given twice".to_owned()),
                (Ok(_), None) => {}
                (Err(problem), _) => self.say(&place, format!("as a key: {problem}")),
            }
        }
        Value::Map(map)
    }

    fn value(&mut self, kind: &Kind, json: &Json, place: &Place<'_>, depth: usize) -> Option<Value> {
        let Kind::Message(described) = kind else {
            return scalar(kind, json).map_err(|problem| self.say(place, problem)).ok();
        };
        if is_known(described.full_name()) {
            return self.known(described, json, place, depth + 1).map(Value::Message);
        }
        let Json::Object(fields) = json else {
            self.say(place, unexpected("an object", json));
            return None;
        };
        if depth >= MAX_NESTING {
            self.say(place, too_deep());
            return None;
        }
        let mut message = DynamicMessage::new(described.clone());
        self.fields(&mut message, fields, Some(place), depth + 1);
        Some(Value::Message(message))
    }

    fn known(
        &mut self,
        described: &MessageDescriptor,
        json: &Json,
        place: &Place<'_>,
        depth: usize,
    ) -> Option<DynamicMessage> {
        if depth + nesting(json) > MAX_NESTING {
            self.say(place, too_deep());
            return None;
        }
        known(described, json).map_err(|problem| self.say(place, problem)).ok()
    }

    fn refuse_rival(&mut self, message: &DynamicMessage, field: &FieldDescriptor, place: &Place<'_>) {
        if let Some(rival) = rival(message, field) {
            self.say(place, format!("cannot be given beside {}: give one of them", rival.json_name()));
        }
    }
}

/// Whether a value of this kind can be written as text, in a path or a query.
pub(crate) fn is_text(kind: &Kind) -> bool {
    let Kind::Message(message) = kind else { return true };
    let name = message.full_name();
    is_wrapper(name) || TEXTS.contains(&name)
}

/// The other field that is set of those of which one may be.
fn rival(message: &DynamicMessage, field: &FieldDescriptor) -> Option<FieldDescriptor> {
    let fields = field.containing_oneof()?;
    fields.fields().find(|other| other.number() != field.number() && message.has_field(other))
}

fn takes_null(kind: &Kind) -> bool {
    match kind {
        Kind::Message(message) => message.full_name() == "google.protobuf.Value",
        Kind::Enum(described) => described.full_name() == "google.protobuf.NullValue",
        _ => false,
    }
}

/// Text as the JSON that a field of this kind would have.
fn as_json(kind: &Kind, text: &str) -> Json {
    let is_bool = match kind {
        Kind::Bool => true,
        Kind::Message(message) => message.full_name() == "google.protobuf.BoolValue",
        Kind::Enum(_) => return text.parse::<i32>().map_or_else(|_| text.into(), Json::from),
        _ => false,
    };
    match text.parse() {
        Ok(value) if is_bool => Json::Bool(value),
        _ => text.into(),
    }
}

fn too_deep() -> String {
    format!("is nested too deep: more than {MAX_NESTING} messages within each other")
}
