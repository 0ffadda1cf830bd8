//! Where each tensor lies in the file, checked before anything is read of it.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use super::{block::Format, cursor::Cursor, metadata::Metadata};
use crate::ModelError;

/// More tensors than this are refused; the largest models have a few thousand.
const MAX_TENSORS: u64 = 1 << 16;

/// A name with its length, one dimension, a type and an offset.
const SMALLEST_ENTRY: u64 = 8 + 4 + 8 + 4 + 8;

const DEFAULT_ALIGNMENT: u32 = 32;

/// A matrix of encoded weights: `rows` of `columns` weights each, one row after the other.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) format: &'static Format,
    /// Weights of one row, a multiple of the format's block.
    pub(crate) columns: u64,
    pub(crate) rows: u64,
    /// Offset of the first byte from the start of the file.
    pub(super) start: u64,
}

impl Tensor {
    /// Bytes of one row.
    pub(crate) fn row_bytes(&self) -> u64 {
        self.columns / self.format.weights as u64 * self.format.bytes as u64
    }

    /// Bytes of the whole tensor.
    pub(crate) fn bytes(&self) -> u64 {
        self.row_bytes() * self.rows
    }

    /// Fails unless the tensor has these dimensions.
    pub(crate) fn expect_shape(&self, columns: u64, rows: u64) -> Result<(), ModelError> {
        if (self.columns, self.rows) == (columns, rows) {
            return Ok(());
        }
        Err(ModelError::Malformed {
            what: format!("the shape of tensor {}", self.name),
            found: format!("{} rows of {}", self.rows, self.columns),
            expected: format!("{rows} rows of {columns}"),
        })
    }

    /// Reads one entry; `start` is still relative to the data section.
    fn read<R: Read + Seek>(cursor: &mut Cursor<'_, R>, index: u64) -> Result<Self, ModelError> {
        let name = cursor.string(&format!("the name of tensor {index}"))?;
        let what = format!("tensor {name}");
        let dimensions = cursor.u32(&what)?;
        if !(1..=4).contains(&dimensions) {
            return Err(malformed(&what, format!("of {dimensions} dimensions"), "1 to 4 dimensions"));
        }
        let columns = cursor.u64(&what)?;
        let mut rows = 1u64;
        for _ in 1..dimensions {
            rows = rows.checked_mul(cursor.u64(&what)?).ok_or_else(|| {
                malformed(&what, "larger than 2^64 weights".into(), "dimensions that fit the file")
            })?;
        }
        let format = Format::by_id(cursor.u32(&what)?, &what)?;
        let start = cursor.u64(&what)?;
        let tensor = Self { name, format, columns, rows, start };
        tensor.check_dimensions(&what)?;
        Ok(tensor)
    }

    fn check_dimensions(&self, what: &str) -> Result<(), ModelError> {
        if self.columns == 0 || self.rows == 0 {
            return Err(malformed(what, "empty".into(), "no dimension of zero"));
        }
        if !self.columns.is_multiple_of(self.format.weights as u64) {
            let expected = format!("a multiple of {} for {}", self.format.weights, self.format.name);
            return Err(malformed(what, format!("{} wide", self.columns), &expected));
        }
        self.columns
            .checked_mul(self.rows)
            .and_then(|weights| weights.checked_mul(self.format.bytes as u64))
            .map(|_| ())
            .ok_or_else(|| malformed(what, "larger than 2^64 bytes".into(), "dimensions that fit the file"))
    }

    /// Makes `start` absolute, and fails unless the tensor lies inside the file.
    fn place(&mut self, data: u64, length: u64, alignment: u64) -> Result<(), ModelError> {
        let what = format!("tensor {}", self.name);
        if !self.start.is_multiple_of(alignment) {
            let expected = format!("a multiple of the alignment {alignment}");
            return Err(malformed(&what, format!("at offset {}", self.start), &expected));
        }
        let available = length.saturating_sub(data).saturating_sub(self.start);
        if self.bytes() > available {
            return Err(ModelError::Truncated { what, needed: self.bytes(), available });
        }
        self.start += data;
        Ok(())
    }
}

#[cfg(test)]
impl Tensor {
    /// One row of `bytes` in the encoding of this name, for tests.
    pub(crate) fn example(format: &str, bytes: usize) -> Self {
        let format = Format::by_name(format);
        let columns = (bytes / format.bytes * format.weights) as u64;
        Self { name: "example".to_owned(), format, columns, rows: 1, start: 0 }
    }
}

/// Reads the list of tensors, with which the header ends.
pub(super) fn read_all<R: Read + Seek>(
    cursor: &mut Cursor<'_, R>,
    count: u64,
    metadata: &Metadata,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    if count > MAX_TENSORS {
        return Err(malformed("the number of tensors", count.to_string(), &format!("at most {MAX_TENSORS}")));
    }
    cursor.expect("the list of tensors", count, SMALLEST_ENTRY)?;
    let mut tensors = BTreeMap::new();
    for index in 0..count {
        let tensor = Tensor::read(cursor, index)?;
        if let Some(twice) = tensors.insert(tensor.name.clone(), tensor) {
            return Err(ModelError::Duplicate { what: format!("tensor {}", twice.name) });
        }
    }
    let alignment = alignment(metadata)?;
    let data = cursor.position().next_multiple_of(alignment);
    for tensor in tensors.values_mut() {
        tensor.place(data, cursor.length(), alignment)?;
    }
    check_overlap(&tensors)?;
    Ok(tensors)
}

fn alignment(metadata: &Metadata) -> Result<u64, ModelError> {
    const KEY: &str = "general.alignment";
    let alignment = metadata.count(KEY)?.unwrap_or(DEFAULT_ALIGNMENT);
    if !alignment.is_power_of_two() || !(8..=1 << 16).contains(&alignment) {
        let expected = "a power of two from 8 to 65536";
        return Err(malformed(&format!("metadata key {KEY}"), alignment.to_string(), expected));
    }
    Ok(alignment.into())
}

fn check_overlap(tensors: &BTreeMap<String, Tensor>) -> Result<(), ModelError> {
    let mut placed: Vec<&Tensor> = tensors.values().collect();
    placed.sort_unstable_by_key(|tensor| tensor.start);
    for pair in placed.windows(2) {
        if pair[0].start + pair[0].bytes() > pair[1].start {
            let (first, second) = (pair[0].name.clone(), pair[1].name.clone());
            return Err(ModelError::Overlap { first, second });
        }
    }
    Ok(())
}

fn malformed(what: &str, found: String, expected: &str) -> ModelError {
    ModelError::Malformed { what: what.to_owned(), found, expected: expected.to_owned() }
}
