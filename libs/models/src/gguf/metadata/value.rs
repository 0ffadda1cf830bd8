//! One metadata value as it stands in the file.

use std::io::{Read, Seek};

use super::super::cursor::{Cursor, not_utf8};
use crate::ModelError;

const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// A value. Arrays stay in the bytes that they had in the file, so that they cost no more memory than it does.
pub(super) enum Value {
    Integer(i128),
    Float(f64),
    Flag(bool),
    Text(String),
    Strings(Strings),
    Numbers { kind: u32, bytes: Vec<u8> },
}

/// An array of strings in one allocation.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn read<R: Read + Seek>(cursor: &mut Cursor<'_, R>, key: &str, count: u64) -> Result<Self, ModelError> {
        cursor.expect(key, count, 8)?;
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(count as usize));
        for _ in 0..count {
            let length = cursor.u64(key)?;
            let start = bytes.len();
            cursor.append(key, length, &mut bytes)?;
            // Each by itself: two halves of a character must not pass as one string.
            std::str::from_utf8(&bytes[start..]).map_err(|_| not_utf8(&format!("a string of {key}")))?;
            ends.push(bytes.len());
        }
        bytes.shrink_to_fit();
        let text = String::from_utf8(bytes).map_err(|_| not_utf8(key))?;
        Ok(Self { text, ends })
    }
}

impl Value {
    pub(super) fn read<R: Read + Seek>(cursor: &mut Cursor<'_, R>, key: &str) -> Result<Self, ModelError> {
        match cursor.u32(key)? {
            0 => Ok(Self::Integer(cursor.array::<1>(key)?[0].into())),
            1 => Ok(Self::Integer(i8::from_le_bytes(cursor.array(key)?).into())),
            2 => Ok(Self::Integer(u16::from_le_bytes(cursor.array(key)?).into())),
            3 => Ok(Self::Integer(i16::from_le_bytes(cursor.array(key)?).into())),
            4 => Ok(Self::Integer(cursor.u32(key)?.into())),
            5 => Ok(Self::Integer(i32::from_le_bytes(cursor.array(key)?).into())),
            6 => Ok(Self::Float(f32::from_le_bytes(cursor.array(key)?).into())),
            7 => Self::flag(cursor.array::<1>(key)?[0], key),
            STRING => Ok(Self::Text(cursor.string(key)?)),
            ARRAY => Self::array(cursor, key),
            10 => Ok(Self::Integer(cursor.u64(key)?.into())),
            11 => Ok(Self::Integer(i64::from_le_bytes(cursor.array(key)?).into())),
            12 => Ok(Self::Float(f64::from_le_bytes(cursor.array(key)?))),
            other => Err(unknown_type(key, other)),
        }
    }

    fn flag(byte: u8, key: &str) -> Result<Self, ModelError> {
        match byte {
            0 | 1 => Ok(Self::Flag(byte == 1)),
            other => Err(ModelError::Malformed {
                what: format!("metadata key {key}"),
                found: format!("the byte {other}"),
                expected: "0 or 1 for a boolean".into(),
            }),
        }
    }

    fn array<R: Read + Seek>(cursor: &mut Cursor<'_, R>, key: &str) -> Result<Self, ModelError> {
        let kind = cursor.u32(key)?;
        let count = cursor.u64(key)?;
        if kind == STRING {
            return Strings::read(cursor, key, count).map(Self::Strings);
        }
        let size = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            10..=12 => 8,
            other => return Err(unknown_type(key, other)),
        };
        cursor.expect(key, count, size)?;
        let mut bytes = Vec::new();
        cursor.append(key, count * size, &mut bytes)?;
        Ok(Self::Numbers { kind, bytes })
    }

    /// The elements of an array of 32-bit integers, signed or not.
    pub(super) fn as_integers(&self) -> Option<Vec<i32>> {
        match self {
            Self::Numbers { kind: 4 | 5, bytes } => {
                let (words, _) = bytes.as_chunks::<4>();
                Some(words.iter().map(|word| i32::from_le_bytes(*word)).collect())
            }
            _ => None,
        }
    }

    /// The value's type, and the value itself where it is short.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Integer(integer) => format!("the integer {integer}"),
            Self::Float(float) => format!("the number {float}"),
            Self::Flag(flag) => flag.to_string(),
            Self::Text(_) => "a string".into(),
            Self::Strings(_) => "an array of strings".into(),
            Self::Numbers { .. } => "an array of numbers".into(),
        }
    }
}

fn unknown_type(key: &str, kind: u32) -> ModelError {
    let found = if kind == ARRAY { "an array of arrays".into() } else { format!("of type {kind}") };
    ModelError::Malformed {
        what: format!("metadata key {key}"),
        found,
        expected: "one of the types 0 to 12, and no array inside an array".into(),
    }
}
