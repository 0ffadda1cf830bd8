//! Answers of strangers in the shape that structured answers have.

use serde_json::{Value, json};

/// Structured answers are objects, in both protocols; anything else is the field `result` of one.
pub(super) fn object(value: Value) -> Value {
    if value.is_object() { value } else { json!({ "result": value }) }
}

/// The schema of an answer that [`object`] makes; none where it is not known whether that is wrapped.
pub(super) fn object_schema(mut schema: Value) -> Option<Value> {
    if kind(&schema)? == "object" {
        // Both protocols look for it here, and not behind a reference.
        schema["type"] = "object".into();
        return Some(schema);
    }
    let mut outer = json!({"type": "object", "required": ["result"]});
    // Definitions are found from the root.
    for table in ["$defs", "definitions"] {
        if let Some(definitions) = schema.as_object_mut().and_then(|schema| schema.remove(table)) {
            outer[table] = definitions;
        }
    }
    outer["properties"] = json!({ "result": schema });
    Some(outer)
}

/// The one type of a schema's values, behind a reference or two if need be.
fn kind(schema: &Value) -> Option<&str> {
    let mut part = schema;
    for _ in 0..8 {
        match part.get("$ref").and_then(Value::as_str) {
            Some(target) => part = schema.pointer(target.strip_prefix('#')?)?,
            None => return part.get("type")?.as_str(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{object, object_schema};

    #[test]
    fn structured_answers_are_objects() {
        assert_eq!(object(json!([1])), json!({"result": [1]}));
        assert_eq!(object(json!({"a": 1})), json!({"a": 1}));
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {}}});
        let schema = object_schema(list).unwrap();
        assert_eq!(schema["properties"]["result"]["items"]["$ref"], "#/$defs/a");
        assert!(schema["$defs"]["a"].is_object());
        assert_eq!(object_schema(json!({"type": "object"})), Some(json!({"type": "object"})));
        let behind = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}});
        let schema = object_schema(behind).unwrap();
        assert!(schema["type"] == "object" && schema.get("properties").is_none(), "{schema}");
        let nowhere = json!({"$ref": "#/$defs/x"});
        for unknown in [json!({}), json!({"anyOf": []}), json!({"type": ["object", "null"]}), nowhere] {
            assert_eq!(object_schema(unknown), None);
        }
    }
}
