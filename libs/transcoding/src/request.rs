//! A request for an rpc, as a message.

use std::{collections::BTreeSet, sync::Arc};

use percent_encoding::percent_decode_str;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind};

use crate::{
    Rpc, TranscodingError,
    json::{Filling, is_text, read, write, write_field},
    rule::{Binding, Body, reach},
};

/// An rpc that a method and a path are for, with what stands in the path.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) binding: Arc<Binding>,
    pub(crate) values: Vec<String>,
}

impl Route {
    /// The rpc.
    pub fn rpc(&self) -> &Rpc {
        &self.binding.rpc
    }

    /// Whether a request has a body.
    pub fn takes_body(&self) -> bool {
        !matches!(self.binding.body, Body::Nothing)
    }

    /// Whether it is `POST /package.Service/Method`, where gRPC is served too.
    pub fn is_implied(&self) -> bool {
        self.binding.implied
    }

    /// The request's message, of its path, its query as it came, and its body. An error names every wrong field.
    pub fn encode(&self, query: &str, body: &[u8]) -> Result<Vec<u8>, TranscodingError> {
        self.message(query, body).map(|message| message.encode_to_vec())
    }

    /// A message of the answer, as JSON on one line.
    pub fn decode(&self, message: &[u8]) -> Result<Vec<u8>, TranscodingError> {
        let message = self.rpc().answer(message)?;
        match &self.binding.response_body {
            Some(field) => write_field(&message, field),
            None => write(&message),
        }
    }

    fn message(&self, query: &str, body: &[u8]) -> Result<DynamicMessage, TranscodingError> {
        let mut message = DynamicMessage::new(self.rpc().method.input());
        let mut filling = Filling::default();
        let limits = &self.rpc().limits;
        match &self.binding.body {
            _ if body.is_empty() => {}
            Body::Whole => filling.whole(&mut message, &read(body, limits)?),
            Body::Field(field) => filling.field(&mut message, field, &read(body, limits)?),
            Body::Nothing => {
                let problem = "is not taken: everything stands in path and query";
                filling.say(&"(body)", problem.to_owned());
            }
        }
        for (path, value) in self.binding.fields.iter().zip(&self.values) {
            filling.text(&mut message, path, value, &dotted(path));
        }
        self.query(&mut message, query, &mut filling);
        filling.end()?;
        Ok(message)
    }

    fn query(&self, message: &mut DynamicMessage, query: &str, filling: &mut Filling) {
        let pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        let limit = self.rpc().limits.query_parameters;
        if pairs.len() > limit {
            let problem = format!("has {} parameters, of which at most {limit} are taken", pairs.len());
            return filling.say(&"(query)", problem);
        }
        let mut given = BTreeSet::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                filling.say(&"(query)", "is no text of UTF-8 once its percent signs are decoded".to_owned());
                continue;
            };
            match self.parameter(&name) {
                // An empty value leaves no trace in the message, so names are remembered.
                Ok(path) if !given.insert(dotted(&path)) && !ends_in_list(&path) => {
                    filling.say(&name, "is given twice".to_owned());
                }
                Ok(path) => filling.text(message, &path, &value, &name),
                Err(problem) => filling.say(&shortened(&name), problem),
            }
        }
    }

    /// The field that a query parameter names.
    fn parameter(&self, name: &str) -> Result<Vec<FieldDescriptor>, String> {
        let input = self.rpc().method.input();
        let path = reach(&input, name, FieldDescriptor::json_name);
        let path = path.ok_or_else(|| format!("{} has no such field", input.full_name()))?;
        if self.binding.fields.contains(&path) {
            return Err("stands in the path already".to_owned());
        }
        match &self.binding.body {
            Body::Whole => return Err("is taken in the body, not in the query".to_owned()),
            Body::Field(field) if path.first() == Some(field) => {
                return Err("is taken in the body, not in the query".to_owned());
            }
            _ => {}
        }
        match path.last() {
            Some(field) if field.is_map() || !is_text(&field.kind()) => Err(match field.kind() {
                Kind::Message(_) if !field.is_map() => "is a message: name one of its fields".to_owned(),
                _ => "cannot be given in the query".to_owned(),
            }),
            _ => Ok(path),
        }
    }
}

fn ends_in_list(path: &[FieldDescriptor]) -> bool {
    path.last().is_some_and(FieldDescriptor::is_list)
}

/// The name of a field as JSON has it.
pub(crate) fn dotted(path: &[FieldDescriptor]) -> String {
    path.iter().map(FieldDescriptor::json_name).collect::<Vec<_>>().join(".")
}

/// A part of a query: plus signs are spaces.
fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(80)]
}
