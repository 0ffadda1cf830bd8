//! From text to a value, in bounded time and memory.

use serde_json::Value;

use crate::OpenApiError;

/// The largest document.
const LARGEST: usize = 4 << 20;
/// What a value of a document begins with, or the next one: as many as there may be.
const MOST_PARTS: usize = 600_000;
/// The deepest.
const DEEPEST: usize = 96;

/// Reads JSON, or YAML. Aliases of YAML may repeat, but not multiply without end.
pub(crate) fn read(text: &str) -> Result<Value, OpenApiError> {
    if text.len() > LARGEST {
        return Err(OpenApiError::Unreadable(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    // Before it is read: each part takes more memory than its text.
    if text.bytes().filter(|byte| b",[{".contains(byte)).count() > MOST_PARTS {
        return Err(OpenApiError::Unreadable(format!("it has more than {MOST_PARTS} parts")));
    }
    let value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| OpenApiError::Unreadable(error.to_string()))?
    } else {
        yaml(text)?
    };
    if is_deeper(&value, DEEPEST) {
        return Err(OpenApiError::Unreadable(format!("it is nested more than {DEEPEST} deep")));
    }
    Ok(value)
}

fn yaml(text: &str) -> Result<Value, OpenApiError> {
    serde_saphyr::from_str(text).map_err(|error| {
        // Errors of the library are drawn over several lines; the first says it.
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        OpenApiError::Unreadable(first)
    })
}

fn is_deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(|item| is_deeper(item, depth - 1)),
        Value::Object(fields) => depth == 0 || fields.values().any(|field| is_deeper(field, depth - 1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::read;

    #[test]
    fn both_ways_of_writing_are_read() {
        let json = read(r#"{"openapi": "3.1.0", "a": [1, true, null]}"#).unwrap();
        assert_eq!(read("openapi: 3.1.0\na:\n- 1\n- true\n- null\n").unwrap(), json);
    }

    #[test]
    fn bombs_are_not_set_off() {
        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            writeln!(laughs, "a{level}: &a{level} [{}]", vec![before; 10].join(", ")).unwrap();
        }
        for bomb in [
            laughs,
            format!("a: {}", "[".repeat(5000)),
            format!("{{\"a\": {}1{}}}", "[".repeat(110), "]".repeat(110)),
            "x".repeat(5 << 20),
            format!("{{\"a\": [1{}]}}", ",1".repeat(700_000)),
            "{\"a\": ".to_owned(),
            "a: b: c".to_owned(),
            "a: *nobody".to_owned(),
        ] {
            let error = read(&bomb).unwrap_err().to_string();
            assert!(error.lines().count() == 1, "{error}");
        }
    }
}
