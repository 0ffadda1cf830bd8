//! What callers are told about another server's tool.

use federation::{Hints, Listed};
use tools::{Annotations, Descriptor, Schema, ToolName};

use crate::sources::structured::object_schema;

/// The descriptor; the error says why there is none.
pub(super) fn descriptor(name: &str, listed: Listed, trust_hints: bool) -> Result<Descriptor, String> {
    let input = Schema::of_arguments(listed.input).map_err(|error| format!("inputSchema: {error}"))?;
    let output = listed.output.and_then(object_schema).map(Schema::new).transpose();
    Ok(Descriptor {
        name: ToolName::new(name).map_err(|error| error.to_string())?,
        title: listed.title,
        description: listed.description,
        input,
        output: output.map_err(|error| format!("outputSchema: {error}"))?,
        annotations: if trust_hints { trusted(listed.hints) } else { Annotations::UNKNOWN },
    })
}

/// What the hints say, where they are believed: answers are kept and calls are tried again because of them. Nothing said is
/// what the protocol says that it means.
fn trusted(hints: Hints) -> Annotations {
    let read_only = hints.read_only.unwrap_or(Annotations::UNKNOWN.read_only);
    Annotations {
        read_only,
        destructive: !read_only && hints.destructive.unwrap_or(Annotations::UNKNOWN.destructive),
        idempotent: read_only || hints.idempotent.unwrap_or(Annotations::UNKNOWN.idempotent),
        open_world: hints.open_world.unwrap_or(Annotations::UNKNOWN.open_world),
    }
}
