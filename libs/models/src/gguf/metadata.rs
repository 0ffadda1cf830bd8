//! The key/value pairs of a header, and typed access to them.

mod value;

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

pub(crate) use self::value::Strings;
use self::value::Value;
use super::cursor::Cursor;
use crate::ModelError;

/// More keys than this are refused; real files have a few dozen.
const MAX_KEYS: u64 = 1 << 16;

/// A string with its length, a type and a value of at least one byte.
const SMALLEST_PAIR: u64 = 8 + 4 + 1;

/// The key/value pairs. A key that is absent is `None`; one of another type than asked for is an error.
#[derive(Default)]
pub(crate) struct Metadata(BTreeMap<String, Value>);

impl Metadata {
    pub(super) fn read<R: Read + Seek>(cursor: &mut Cursor<'_, R>, count: u64) -> Result<Self, ModelError> {
        if count > MAX_KEYS {
            return Err(ModelError::Malformed {
                what: "the number of metadata keys".into(),
                found: count.to_string(),
                expected: format!("at most {MAX_KEYS}"),
            });
        }
        cursor.expect("the metadata", count, SMALLEST_PAIR)?;
        let mut pairs = BTreeMap::new();
        for index in 0..count {
            let key = cursor.string(&format!("metadata key {index}"))?;
            let value = Value::read(cursor, &key)?;
            if pairs.insert(key.clone(), value).is_some() {
                return Err(ModelError::Duplicate { what: format!("metadata key {key}") });
            }
        }
        Ok(Self(pairs))
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>, ModelError> {
        self.get(key, "a string", |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, ModelError> {
        self.get(key, "true or false", |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    /// An integer of any width that fits 32 bits without a sign.
    pub(crate) fn count(&self, key: &str) -> Result<Option<u32>, ModelError> {
        self.get(key, "an integer from 0 to 4294967295", |value| match value {
            Value::Integer(integer) => u32::try_from(*integer).ok(),
            _ => None,
        })
    }

    /// A finite number.
    pub(crate) fn float(&self, key: &str) -> Result<Option<f64>, ModelError> {
        self.get(key, "a finite floating-point number", |value| match value {
            Value::Float(float) if float.is_finite() => Some(*float),
            _ => None,
        })
    }

    pub(crate) fn strings(&self, key: &str) -> Result<Option<&Strings>, ModelError> {
        self.get(key, "an array of strings", |value| match value {
            Value::Strings(strings) => Some(strings),
            _ => None,
        })
    }

    /// An array of 32-bit integers.
    pub(crate) fn integers(&self, key: &str) -> Result<Option<Vec<i32>>, ModelError> {
        self.get(key, "an array of 32-bit integers", Value::as_integers)
    }

    /// The value that a getter found, which must be there.
    pub(crate) fn required<T>(key: &str, value: Option<T>) -> Result<T, ModelError> {
        value.ok_or_else(|| ModelError::Missing { what: format!("metadata key {key}") })
    }

    fn get<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ModelError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        convert(value).map(Some).ok_or_else(|| ModelError::Malformed {
            what: format!("metadata key {key}"),
            found: value.describe(),
            expected: expected.to_owned(),
        })
    }
}
