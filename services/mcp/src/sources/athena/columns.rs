//! Columns of tables, as answers show them.

use aws_sdk_athena::types::Column;
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "type": {"type": "string"},
            "comment": {"type": "string"},
        },
        "required": ["name", "type"],
    })
}

pub(super) fn shown(columns: &[Column]) -> Value {
    let shown = columns.iter().map(|column| {
        let mut shown = json!({"name": column.name(), "type": column.r#type().unwrap_or("unknown")});
        if let (Some(comment), Value::Object(fields)) =
            (column.comment().filter(|it| !it.is_empty()), &mut shown)
        {
            fields.insert("comment".to_owned(), comment.into());
        }
        shown
    });
    shown.collect()
}
