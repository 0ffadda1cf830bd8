//! A call.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::{
    path::{Path, Place},
    schema::{Schemas, is_required},
};
use crate::{
    comments::{Comments, summary},
    json::{is_known, is_text},
    request::dotted,
    rule::{Binding, Body},
};

/// How deep messages are looked into for query parameters.
const MAX_DEPTH: usize = 4;

/// Describes calls, and keeps the schemas that they refer to.
pub(super) struct Operations<'a> {
    schemas: Schemas<'a>,
    ids: BTreeSet<String>,
}

impl<'a> Operations<'a> {
    pub(super) fn new(comments: &'a Comments) -> Self {
        Self { schemas: Schemas::new(comments), ids: BTreeSet::new() }
    }

    pub(super) fn into_schemas(self) -> BTreeMap<String, Value> {
        self.schemas.into_met()
    }

    /// The path and the operation.
    pub(super) fn describe(&mut self, binding: &Binding) -> (String, Value) {
        let method = &binding.rpc.method;
        let path = Path::of(binding);
        let comment = self.schemas.comments.at(&method.parent_file(), method.path());
        let mut operation = json!({
            "operationId": self.id(binding),
            "tags": [method.parent_service().name()],
            "summary": summary(comment),
            "description": comment,
            "responses": {"200": self.answer(binding), "default": {"$ref": "#/components/responses/Error"}},
        });
        let mut parameters: Vec<_> = path.places.iter().map(|place| self.place(place)).collect();
        if !matches!(binding.body, Body::Whole) {
            let mut query = Vec::new();
            self.query(binding, &method.input(), &mut Vec::new(), &mut query);
            parameters.extend(query);
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(body) = self.body(binding) {
            operation["requestBody"] = body;
        }
        (path.text, operation)
    }

    /// `JobService_GetJob`, with a number where that is taken.
    fn id(&mut self, binding: &Binding) -> String {
        let method = &binding.rpc.method;
        let plain = format!("{}_{}", method.parent_service().name(), method.name());
        let (mut id, mut number) = (plain.clone(), 2);
        while !self.ids.insert(id.clone()) {
            id = format!("{plain}_{number}");
            number += 1;
        }
        id
    }

    fn place(&mut self, place: &Place) -> Value {
        let mut schema = match &place.field {
            Some(field) => self.schemas.field(field),
            None => json!({"type": "string"}),
        };
        let comment = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({"name": place.name, "in": "path", "required": true, "schema": schema});
        if let Some(description) = comment.or_else(|| place.part_of.as_deref().map(Value::from)) {
            parameter["description"] = description;
        }
        parameter
    }

    /// Every field that stands neither in the path nor in the body, and can be written as text.
    fn query(
        &mut self,
        binding: &Binding,
        message: &MessageDescriptor,
        path: &mut Vec<FieldDescriptor>,
        found: &mut Vec<Value>,
    ) {
        for field in message.fields() {
            let in_body = path.is_empty() && matches!(&binding.body, Body::Field(body) if *body == field);
            path.push(field.clone());
            match field.kind() {
                _ if in_body || field.is_map() || binding.fields.contains(path) => {}
                kind if is_text(&kind) => found.push(self.parameter(path, &field)),
                Kind::Message(inner)
                    if !field.is_list() && path.len() < MAX_DEPTH && !is_known(inner.full_name()) =>
                {
                    self.query(binding, &inner, path, found);
                }
                _ => {}
            }
            path.pop();
        }
    }

    fn parameter(&mut self, path: &[FieldDescriptor], field: &FieldDescriptor) -> Value {
        let mut schema = self.schemas.field(field);
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({"name": dotted(path), "in": "query", "schema": schema});
        if let Some(description) = description {
            parameter["description"] = description;
        }
        if path.len() == 1 && is_required(self.schemas.comments.field(field)) {
            parameter["required"] = true.into();
        }
        parameter
    }

    fn body(&mut self, binding: &Binding) -> Option<Value> {
        let input = binding.rpc.method.input();
        let bound: Vec<_> =
            binding.fields.iter().filter(|path| path.len() == 1).filter_map(|path| path.first()).collect();
        let schema = match &binding.body {
            Body::Nothing => return None,
            Body::Whole if bound.is_empty() => self.schemas.message(&input),
            Body::Whole => self.schemas.object(&input, &bound),
            Body::Field(field) => self.schemas.field(field),
        };
        let required = match &binding.body {
            Body::Field(field) => is_required(self.schemas.comments.field(field)),
            _ => schema.get("required").is_some() || self.demands(&input, &bound),
        };
        Some(json!({"required": required, "content": {"application/json": {"schema": schema}}}))
    }

    /// Whether any field of a message must be given.
    fn demands(&self, message: &MessageDescriptor, but: &[&FieldDescriptor]) -> bool {
        let fields = message.fields().filter(|field| !but.contains(&field));
        fields.into_iter().any(|field| is_required(self.schemas.comments.field(&field)))
    }

    fn answer(&mut self, binding: &Binding) -> Value {
        let output = binding.rpc.method.output();
        let schema = match &binding.response_body {
            Some(field) => self.schemas.field(field),
            None => self.schemas.message(&output),
        };
        if binding.rpc.streams() {
            return json!({
                "description": "A stream of messages, each on a line of its own, or in the `data` of an event where \
                                `text/event-stream` is accepted. After the last one comes an event `end`; where \
                                the call failed, an event `error`, or a last line `{\"error\": …}`.",
                "content": {
                    "application/x-ndjson": {"schema": schema},
                    "text/event-stream": {"schema": schema},
                },
            });
        }
        let comment = self.schemas.comments.at(&output.parent_file(), output.path());
        let description = if comment.is_empty() { "The answer.".to_owned() } else { summary(comment) };
        json!({"description": description, "content": {"application/json": {"schema": schema}}})
    }
}
