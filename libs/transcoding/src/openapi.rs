//! What is served, as an `OpenAPI` document of version 3.1.
//!
//! - `schema` describes messages, `operation` calls, `path` their paths; what is said of them stands in the proto
//!   files.

mod operation;
mod path;
mod schema;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{Transcoder, comments::Comments};
use operation::Operations;

/// The methods that `OpenAPI` has words for.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl Transcoder {
    /// All that is served, with what the proto files say of it: the same document for the same descriptors. An rpc that
    /// is only served at `POST /package.Service/Method` stands there; others stand at the paths of their annotations.
    ///
    /// A comment that begins with `Required.` makes a field required, and one that begins with `Output.` makes it
    /// read-only.
    pub fn openapi(&self, title: &str, version: &str) -> Value {
        let comments = Comments::of(self.pool());
        let annotated: BTreeSet<_> =
            self.bindings().iter().filter(|it| !it.implied).map(|it| it.rpc.full_name()).collect();
        let told = self.bindings().iter().filter(|it| !it.implied || !annotated.contains(it.rpc.full_name()));
        let mut operations = Operations::new(&comments);
        let mut paths = Map::new();
        let mut services = BTreeSet::new();
        for binding in told {
            let method = binding.method.as_str().to_lowercase();
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let (path, operation) = operations.describe(binding);
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[method] = operation;
            services.insert(binding.rpc.method.parent_service().index());
        }
        let tags: Vec<_> = services.into_iter().filter_map(|index| self.tag(index, &comments)).collect();
        json!({
            "openapi": "3.1.0",
            "info": {"title": title, "version": version},
            "tags": tags,
            "paths": paths,
            "components": {
                "schemas": operations.into_schemas(),
                "responses": {"Error": error()},
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{"bearer": []}],
        })
    }

    fn tag(&self, index: usize, comments: &Comments) -> Option<Value> {
        let service = self.pool().services().nth(index)?;
        let description = comments.at(&service.parent_file(), service.path());
        Some(json!({"name": service.name(), "description": description}))
    }
}

/// `{"error": …}`.
fn error() -> Value {
    let details = json!({
        "type": "array",
        "description": "Messages of google.rpc: ErrorInfo with a reason for programs, BadRequest with each wrong \
                        field, RetryInfo with when to try again, and others.",
        "items": {"type": "object", "properties": {"@type": {"type": "string"}}, "additionalProperties": true},
    });
    let error = json!({
        "type": "object",
        "required": ["code", "reason", "message", "type", "param", "details"],
        "properties": {
            "code": {"type": "string", "description": "The name of gRPC's code, such as `NOT_FOUND`."},
            "reason": {"type": "string", "description": "A word for programs, such as `MODEL_NOT_FOUND`."},
            "message": {"type": "string", "description": "What was wrong, in words for developers."},
            "type": {"type": "string", "description": "The class of errors that clients of OpenAI's interface know."},
            "param": {"type": ["string", "null"], "description": "The first field that is wrong, where one is."},
            "details": details,
        },
    });
    let schema = json!({"type": "object", "required": ["error"], "properties": {"error": error}});
    json!({
        "description": "The call failed. In a stream that has begun, this is its last line, or its last event, of \
                        the type `error`.",
        "content": {"application/json": {"schema": schema}},
    })
}
