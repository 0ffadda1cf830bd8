//! The kinds of tools. A source turns its part of the configuration into [`Offer`]s.

pub(crate) mod athena;
pub(crate) mod http;
pub(crate) mod s3;
mod structured;
pub(crate) mod upstream;

use std::{pin::Pin, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tools::{Annotations, Descriptor, Schema, Tool, ToolName, ToolsError};

use crate::config::PolicyConfig;

/// A tool that a source offers.
pub(crate) struct Offer {
    /// What callers are told.
    pub(crate) descriptor: Descriptor,
    /// What does it.
    pub(crate) tool: Arc<dyn Tool>,
    /// What the source says about its calls.
    pub(crate) policy: PolicyConfig,
    /// Whom it calls, as breakers and metrics name it.
    pub(crate) upstream: String,
}

/// Something that a source's tools leave to a task which outlives each call. It ends once the tools are gone, or once the
/// process drains and no call is left.
pub(crate) struct Errand {
    /// What it is, for logs.
    pub(crate) name: &'static str,
    /// Runs it; it is handed what tells it that the process drains.
    pub(crate) run: Box<dyn FnOnce(Pending) -> Pending + Send>,
}

/// Something that ends.
pub(crate) type Pending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What callers are told about a tool of our own.
pub(crate) fn descriptor(
    name: &str,
    title: &str,
    description: String,
    (input, output): (Value, Value),
    annotations: Annotations,
) -> Result<Descriptor, ToolsError> {
    Ok(Descriptor {
        name: ToolName::new(name)?,
        title: Some(title.to_owned()),
        description,
        input: Schema::of_arguments(input)?,
        output: Some(Schema::new(output)?),
        annotations,
    })
}

/// Arguments as a type. They fit the schema by now, so this fails only where the schema says less than the type.
pub(crate) fn decode<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, ToolsError> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| ToolsError::invalid(vec![fault::Violation::new("arguments", error.to_string())]))
}
