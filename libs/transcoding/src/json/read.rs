//! Bytes as JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{Limits, TranscodingError};

/// `serde_json`'s own bound is 128.
const MAX_DEPTH: usize = 100;
/// How much of a field's name an error repeats.
const SHOWN: usize = 80;

/// Reads JSON that is not too large, not nested too deep, and names no field twice.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Value, TranscodingError> {
    if bytes.len() > limits.body_bytes {
        return Err(TranscodingError::BodyTooLarge { limit: limits.body_bytes });
    }
    let depth = limits.json_depth.min(MAX_DEPTH);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Node { left: depth, depth }.deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value));
    value.map_err(|error| TranscodingError::Json { problem: error.to_string() })
}

/// A value at some depth.
#[derive(Clone, Copy)]
struct Node {
    left: usize,
    depth: usize,
}

impl Node {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let left = self.left.checked_sub(1);
        left.map(|left| Self { left, ..self })
            .ok_or_else(|| E::custom(format_args!("it is nested more than {} deep", self.depth)))
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if fields.contains_key(&name) {
                let name = &name[..name.floor_char_boundary(SHOWN)];
                return Err(A::Error::custom(format_args!("{name:?} is given twice")));
            }
            let value = entries.next_value_seed(inner)?;
            fields.insert(name, value);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;
    use crate::{Limits, TranscodingError};

    fn problem(text: &str) -> String {
        match read(text.as_bytes(), &Limits { json_depth: 3, ..Limits::default() }) {
            Err(TranscodingError::Json { problem }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_is_read_as_it_stands() {
        let text = r#" {"a": [1, -2, 3.5, "x", null, true], "b": {}} "#;
        let value = read(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(value, json!({"a": [1, -2, 3.5, "x", null, true], "b": {}}));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for text in ["", "{", "{} {}", "{a: 1}", "\u{feff}{}", "{\"a\": 01}", "nul"] {
            assert!(problem(text).contains("line 1"), "{text}: {}", problem(text));
        }
        assert!(problem("1e999").contains("out of range"));
    }

    #[test]
    fn depth_and_size_have_limits() {
        read(b"[[[1]]]", &Limits { json_depth: 3, ..Limits::default() }).unwrap();
        assert!(problem("[[[[1]]]]").contains("more than 3 deep"));
        assert!(problem(r#"{"a":{"b":{"c":{}}}}"#).contains("more than 3 deep"));
        let deep = "[".repeat(100_000);
        let unbounded = Limits { json_depth: usize::MAX, ..Limits::default() };
        assert!(read(deep.as_bytes(), &unbounded).unwrap_err().to_string().contains("more than 100 deep"));
        let small = Limits { body_bytes: 5, ..Limits::default() };
        read(b"[1,2]", &small).unwrap();
        assert!(matches!(read(b"[1, 2]", &small), Err(TranscodingError::BodyTooLarge { limit: 5 })));
    }

    #[test]
    fn a_field_is_given_once() {
        assert!(problem(r#"{"a": {"b": 1, "b": 2}}"#).contains(r#""b" is given twice"#));
        assert!(problem(&format!(r#"{{"{0}": 1, "{0}": 2}}"#, "é".repeat(500))).len() < 300);
    }
}
