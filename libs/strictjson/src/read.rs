//! Bytes as JSON.

use std::{cell::Cell, fmt};

use fault::Violation;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{Place, StrictJsonError};

/// How deep JSON may be nested at most; `serde_json`'s own bound is 128.
pub const MAX_DEPTH: usize = 100;

/// Reads JSON that is nested at most `depth` deep, of which more than [`MAX_DEPTH`] counts as that, and names nothing twice.
pub fn read(bytes: &[u8], depth: usize) -> Result<Value, StrictJsonError> {
    let depth = depth.min(MAX_DEPTH);
    let twice = Cell::new(None);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Node { left: depth, depth, place: None, twice: &twice }.deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value));
    value.map_err(|error| match twice.take() {
        Some(place) => StrictJsonError::Twice {
            violation: Violation::new(place, "is given twice"),
            line: error.line(),
            column: error.column(),
        },
        None => StrictJsonError::Malformed(error),
    })
}

/// A value at some depth.
#[derive(Clone, Copy)]
struct Node<'a> {
    left: usize,
    depth: usize,
    /// Where it stands; nothing for all of it.
    place: Option<&'a Place<'a>>,
    /// What was found to stand there twice: errors of serde carry no more than text.
    twice: &'a Cell<Option<String>>,
}

impl Node<'_> {
    /// How deep what is within this value may be nested.
    fn inner<E: Error>(&self) -> Result<usize, E> {
        let left = self.left.checked_sub(1);
        left.ok_or_else(|| E::custom(format_args!("it is nested more than {} deep", self.depth)))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
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
        let left = self.inner()?;
        let mut list = Vec::new();
        loop {
            let place = Place::item(self.place, list.len());
            let item = items.next_element_seed(Node { left, place: Some(&place), ..self })?;
            match item {
                Some(item) => list.push(item),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let left = self.inner()?;
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let place = Place::name(self.place, &name);
            if fields.contains_key(&name) {
                self.twice.set(Some(place.to_string()));
                return Err(A::Error::custom("a name is given twice"));
            }
            let value = entries.next_value_seed(Node { left, place: Some(&place), ..self })?;
            fields.insert(name, value);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::json;

    use super::{MAX_DEPTH, read};

    fn problem(text: &str) -> String {
        read(text.as_bytes(), 3).unwrap_err().to_string()
    }

    #[test]
    fn json_is_read_as_it_stands() {
        let text = r#" {"a": [1, -2, 3.5, "x", null, true], "b": {}} "#;
        let value = read(text.as_bytes(), MAX_DEPTH).unwrap();
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
    fn depth_has_a_limit() {
        read(b"[[[1]]]", 3).unwrap();
        assert!(problem("[[[[1]]]]").contains("more than 3 deep"));
        assert!(problem(r#"{"a":{"b":{"c":{}}}}"#).contains("more than 3 deep"));
        let deep = "[".repeat(100_000);
        assert!(read(deep.as_bytes(), usize::MAX).unwrap_err().to_string().contains("more than 100 deep"));
    }

    #[test]
    fn a_name_is_given_once() {
        read(br#"{"a": {"b": 1}, "b": [{"b": 2}, {"b": 3}]}"#, 3).unwrap();
        for (text, place) in [
            (r#"{"a": 1, "a": 1}"#, "a"),
            (r#"{"a": {"b": 1, "b": 2}}"#, "a.b"),
            (r#"{"a": [{"b": 1}, {"b": 1, "c": 3, "b": 2}]}"#, "a[1].b"),
            (r#"[{"a": 1, "\u0061": 2}]"#, "[0].a"),
            (r#"{"": 1, "": 2}"#, "\"\""),
        ] {
            let error = read(text.as_bytes(), 3).unwrap_err();
            assert_eq!(error.violations()[0].to_string(), format!("{place}: is given twice"), "{text}");
            assert!(error.to_string().contains("is given twice at line 1 column"), "{error}");
        }
        assert!(problem(&format!(r#"{{"{0}": 1, "{0}": 2}}"#, "é".repeat(500))).len() < 300);
    }
}
