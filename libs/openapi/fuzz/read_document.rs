//! What the fuzz target does with its input. The crate's tests do the same with the seeds.

use openapi::{Document, Place};
use serde_json::Value;

/// How many operations of one document are looked at.
const MOST: usize = 32;

/// Reads `bytes` as a document. What it describes can be asked, and refers to nothing but itself.
pub fn read_document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(document) = Document::parse(text) else { return };
    for listed in document.operations().iter().take(MOST) {
        let Ok(operation) = document.operation(&listed.id) else { continue };
        assert!(operation.path.starts_with('/'));
        let mut names = Vec::new();
        for parameter in &operation.parameters {
            assert!(!parameter.argument.is_empty() && parameter.argument.len() <= 64);
            assert!(
                parameter.argument.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            );
            assert!(parameter.place != Place::Body);
            names.push(&parameter.argument);
            refers_within(&Value::Object(parameter.schema.clone()), &operation.definitions);
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        for definition in operation.definitions.values() {
            refers_within(definition, &operation.definitions);
        }
    }
}

fn refers_within(schema: &Value, definitions: &serde_json::Map<String, Value>) {
    let Value::Object(fields) = schema else { return };
    if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
        assert!(
            target.strip_prefix("#/$defs/").is_some_and(|name| definitions.contains_key(name)),
            "{target}"
        );
    }
    for place in ["items", "not", "additionalProperties"] {
        fields.get(place).into_iter().for_each(|part| refers_within(part, definitions));
    }
    for table in ["properties", "patternProperties"] {
        let parts = fields.get(table).and_then(Value::as_object).into_iter().flatten();
        parts.for_each(|(_, part)| refers_within(part, definitions));
    }
}
