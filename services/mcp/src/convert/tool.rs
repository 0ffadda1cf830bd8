//! A tool as callers see it.

use contract::message_struct;
use proto::tools::v1 as wire;
use serde_json::Value;
use tools::{Mounted, Schema};

/// The tool as a message.
pub(crate) fn tool(tool: &Mounted) -> wire::Tool {
    let about = &tool.descriptor;
    wire::Tool {
        name: format!("tools/{}", about.name),
        id: about.name.to_string(),
        title: about.title.clone().unwrap_or_default(),
        description: about.description.clone(),
        input_schema: schema(&about.input),
        output_schema: about.output.as_ref().and_then(schema),
        annotations: Some(wire::ToolAnnotations {
            read_only: about.annotations.read_only,
            destructive: about.annotations.destructive,
            idempotent: about.annotations.idempotent,
            open_world: about.annotations.open_world,
        }),
        timeout: prost_types::Duration::try_from(tool.policy.timeout).ok(),
        digest: about.digest(),
    }
}

/// A schema that is only `true` says nothing.
fn schema(schema: &Schema) -> Option<prost_types::Struct> {
    schema.as_value().as_object().map(message_struct).or_else(|| match schema.as_value() {
        Value::Bool(true) => Some(prost_types::Struct::default()),
        _ => None,
    })
}
