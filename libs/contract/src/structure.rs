//! `google.protobuf.Struct` as JSON, and back.

use prost_types::{ListValue, Struct, Value as Wire, value::Kind};
use serde_json::{Map, Number, Value};

use crate::Invalid;

/// The deepest that arguments may be nested, so that no message can exhaust the stack.
const MAX_DEPTH: usize = 32;
/// Beyond this a double no longer tells one integer from the next.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A message as a JSON object. `field` is what the contract calls it, for errors: nested more than 32 deep, or with a number
/// that JSON cannot write.
pub fn json_object(field: &str, message: Struct) -> Result<Map<String, Value>, Invalid> {
    object(message, MAX_DEPTH).map_err(|problem| Invalid::field(field, problem))
}

/// The same of arguments that something is done with: a number that may have been another one before it became a double is
/// refused, as it may have been the number of somebody's order.
pub fn json_arguments(field: &str, message: Struct) -> Result<Map<String, Value>, Invalid> {
    let arguments = json_object(field, message)?;
    match arguments.iter().find(|(_, value)| has_inexact(value)) {
        None => Ok(arguments),
        Some((name, _)) => Err(Invalid::field(
            format!("{field}.{name}"),
            "has a number of 2^53 or more, which gRPC's Struct does not hold exactly: send it as text where the tool takes \
             text, or call by /mcp",
        )),
    }
}

fn has_inexact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() >= EXACT),
        Value::Array(items) => items.iter().any(has_inexact),
        Value::Object(fields) => fields.values().any(has_inexact),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// The same of any value.
pub fn json_value(field: &str, message: Wire) -> Result<Value, Invalid> {
    value(message, MAX_DEPTH).map_err(|problem| Invalid::field(field, problem))
}

fn object(fields: Struct, depth: usize) -> Result<Map<String, Value>, &'static str> {
    fields.fields.into_iter().map(|(name, field)| Ok((name, value(field, depth)?))).collect()
}

fn value(wire: Wire, depth: usize) -> Result<Value, &'static str> {
    let Some(depth) = depth.checked_sub(1) else { return Err("are nested more than 32 deep") };
    Ok(match wire.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(truth)) => Value::Bool(truth),
        Some(Kind::NumberValue(number)) => numeric(number).ok_or("have a number that is not finite")?,
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(ListValue { values })) => {
            Value::Array(values.into_iter().map(|item| value(item, depth)).collect::<Result<_, _>>()?)
        }
        Some(Kind::StructValue(fields)) => Value::Object(object(fields, depth)?),
    })
}

/// A double that is an integer is one, as schemas and tools mean it.
fn numeric(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

/// JSON as a message.
pub fn message_value(value: &Value) -> Wire {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(truth) => Kind::BoolValue(*truth),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::MAX)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => {
            Kind::ListValue(ListValue { values: items.iter().map(message_value).collect() })
        }
        Value::Object(fields) => Kind::StructValue(message_struct(fields)),
    };
    Wire { kind: Some(kind) }
}

/// An answer as a message. Its integers of 2^53 and more, which no double holds exactly, become text.
pub fn answer_value(value: &Value) -> Wire {
    message_value(&exact(value))
}

fn exact(value: &Value) -> Value {
    match value {
        Value::Number(number) if !number.is_f64() && has_inexact(value) => Value::String(number.to_string()),
        Value::Array(items) => Value::Array(items.iter().map(exact).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, field)| (name.clone(), exact(field))).collect())
        }
        _ => value.clone(),
    }
}

/// A JSON object as a message.
pub fn message_struct(fields: &Map<String, Value>) -> Struct {
    Struct { fields: fields.iter().map(|(name, field)| (name.clone(), message_value(field))).collect() }
}

#[cfg(test)]
mod tests {
    use prost_types::{Struct, Value as Wire, value::Kind};
    use serde_json::{Value, json};

    use super::{answer_value, json_arguments, json_object, message_struct, message_value};

    #[test]
    fn what_goes_there_comes_back() {
        let value = json!({"a": [1, -2.5, "x", null, true, {"b": 9_007_199_254_740_992_i64}], "c": {}});
        let fields = message_struct(value.as_object().unwrap());
        assert_eq!(Value::Object(json_object("arguments", fields).unwrap()), value);
    }

    #[test]
    fn no_number_becomes_another_one() {
        let arguments = |value: Value| {
            json_arguments("arguments", message_struct(json!({ "n": value }).as_object().unwrap()))
        };
        for good in [json!(9_007_199_254_740_991_i64), json!(-3), json!(0.5), json!("9007199254740993")] {
            assert_eq!(arguments(good.clone()).unwrap()["n"], good);
        }
        for inexact in [json!(9_007_199_254_740_993_i64), json!([{"id": u64::MAX}]), json!(-1e20)] {
            let refused = arguments(inexact.clone()).unwrap_err().to_string();
            assert!(refused.contains("arguments.n: has a number of 2^53"), "{inexact}: {refused}");
        }
        let answered = answer_value(&json!({"ids": [9_007_199_254_740_993_i64, 7], "share": 1e300}));
        let kept = json!({"ids": ["9007199254740993", 7], "share": 1e300});
        assert_eq!(answered, message_value(&kept));
    }

    #[test]
    fn nothing_can_be_nested_without_end() {
        let nest = |levels: usize| {
            let deep = (0..levels).fold(message_value(&Value::Null), |inner, _| Wire {
                kind: Some(Kind::ListValue(prost_types::ListValue { values: vec![inner] })),
            });
            json_object("arguments", Struct { fields: [("a".to_owned(), deep)].into() })
        };
        assert!(nest(31).is_ok());
        assert!(nest(32).is_err());
    }

    #[test]
    fn numbers_are_finite() {
        let number = |number| {
            let value = Wire { kind: Some(Kind::NumberValue(number)) };
            json_object("arguments", Struct { fields: [("a".to_owned(), value)].into() })
        };
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(number(wrong).is_err());
        }
        assert_eq!(number(3.0).unwrap()["a"], json!(3));
        assert_eq!(number(1e300).unwrap()["a"], json!(1e300));
    }
}
