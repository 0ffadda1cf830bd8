//! What a tool's words come to, as one number.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The fields that models and people choose by.
const SAID: [&str; 6] = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"];

/// SHA-256, in hexadecimal, of what a listed tool says about itself, as it says it: a character that cannot be seen counts like
/// any other, the order of fields does not.
pub(crate) fn digest(tool: &Map<String, Value>) -> String {
    let said = SAID.map(|field| (field.to_owned(), tool.get(field).cloned().unwrap_or(Value::Null)));
    let mut said = Value::Object(said.into_iter().collect());
    said.sort_all_objects();
    hex::encode(Sha256::digest(said.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::digest;

    fn of(tool: &Value) -> String {
        digest(tool.as_object().unwrap())
    }

    #[test]
    fn every_word_counts_and_no_order() {
        let tool =
            json!({"name": "find", "description": "Finds.", "inputSchema": {"type": "object", "a": 1}});
        let turned =
            json!({"inputSchema": {"a": 1, "type": "object"}, "description": "Finds.", "name": "find"});
        assert_eq!(of(&tool), of(&turned));
        assert_eq!(of(&tool).len(), 64);
        let mut more = tool.clone();
        more["_meta"] = json!({"anything": "x"});
        more["icons"] = json!([]);
        assert_eq!(of(&tool), of(&more), "what nobody is shown");
        let changes = [
            ("name", json!("find2")),
            ("title", json!("Find")),
            ("description", json!("Finds.\u{200b}")),
            ("inputSchema", json!({"type": "object", "a": 2})),
            ("outputSchema", json!({"type": "object"})),
            ("annotations", json!({"readOnlyHint": true})),
        ];
        for (field, value) in changes {
            let mut changed = tool.clone();
            changed[field] = value;
            assert_ne!(of(&tool), of(&changed), "{field}");
        }
    }

    #[test]
    fn it_stays_the_same_from_release_to_release() {
        // Pins of operators' files depend on it.
        let tool = json!({"name": "find", "description": "Finds.", "inputSchema": {"type": "object"}});
        assert_eq!(of(&tool), "36ca8895493bc0e3c05b2ba348b779e4ad169581918455a73d5f8a4edb14b772");
    }
}
