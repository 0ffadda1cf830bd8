//! Values as JSON.

use serde_json::{Number, Value, json};

/// The largest whole number that every reader of JSON keeps exactly.
const EXACT: i64 = (1 << 53) - 1;

/// What Athena writes as text, in the type of its column: numbers and truths as such, whatever JSON cannot hold exactly as
/// the text that it was.
pub(super) fn typed(text: Option<&str>, kind: &str) -> Value {
    let Some(text) = text else { return Value::Null };
    let value = match kind {
        "boolean" => text.parse().ok().map(Value::Bool),
        "tinyint" | "smallint" | "integer" | "bigint" => {
            text.parse::<i64>().ok().filter(|number| (-EXACT..=EXACT).contains(number)).map(Value::from)
        }
        "double" | "float" | "real" => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        _ => None,
    };
    value.unwrap_or_else(|| json!(text))
}

/// The bytes of a value as JSON, about.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 3,
        _ => 12,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::typed;

    #[test]
    fn values_have_the_type_of_their_column() {
        for (text, kind, expected) in [
            ("true", "boolean", json!(true)),
            ("7", "integer", json!(7)),
            ("-9007199254740991", "bigint", json!(-9_007_199_254_740_991_i64)),
            // Readers of JSON would round it.
            ("9007199254740993", "bigint", json!("9007199254740993")),
            ("1.5", "double", json!(1.5)),
            ("2.5E10", "float", json!(2.5e10)),
            ("NaN", "double", json!("NaN")),
            ("Infinity", "double", json!("Infinity")),
            ("1.10", "decimal", json!("1.10")),
            ("2026-01-01", "date", json!("2026-01-01")),
            ("[1, 2]", "array", json!("[1, 2]")),
            ("7", "varchar", json!("7")),
            ("x", "integer", json!("x")),
            ("", "varchar", json!("")),
        ] {
            assert_eq!(typed(Some(text), kind), expected, "{text} {kind}");
        }
        assert_eq!(typed(None, "varchar"), Value::Null);
    }
}
