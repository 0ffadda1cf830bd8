//! A forward reader that knows how many bytes are left, so that nothing is allocated for a count that cannot be true.

use std::{
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::ModelError;

/// Reads little-endian values from the start of a file.
pub(super) struct Cursor<'a, R> {
    source: BufReader<&'a mut R>,
    path: PathBuf,
    position: u64,
    length: u64,
}

impl<'a, R: Read + Seek> Cursor<'a, R> {
    pub(super) fn new(source: &'a mut R, path: &Path) -> Result<Self, ModelError> {
        let length = source
            .seek(SeekFrom::End(0))
            .and_then(|length| source.seek(SeekFrom::Start(0)).map(|_| length))
            .map_err(ModelError::io("read", path))?;
        Ok(Self { source: BufReader::new(source), path: path.to_owned(), position: 0, length })
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes of the whole file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Fails unless `count` things of at least `size` bytes each can still follow.
    pub(super) fn expect(&self, what: &str, count: u64, size: u64) -> Result<(), ModelError> {
        let (needed, available) = (count.saturating_mul(size), self.length - self.position);
        if needed > available {
            return Err(ModelError::Truncated { what: what.to_owned(), needed, available });
        }
        Ok(())
    }

    /// The next `count` bytes, appended to `out`.
    pub(super) fn append(&mut self, what: &str, count: u64, out: &mut Vec<u8>) -> Result<(), ModelError> {
        self.expect(what, count, 1)?;
        let read =
            (&mut self.source).take(count).read_to_end(out).map_err(ModelError::io("read", &self.path))?
                as u64;
        self.position += read;
        if read < count {
            // The file shrank after its length was taken.
            return Err(ModelError::Truncated { what: what.to_owned(), needed: count, available: read });
        }
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], ModelError> {
        self.expect(what, N as u64, 1)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(ModelError::io("read", &self.path))?;
        self.position += N as u64;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, ModelError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, ModelError> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A string: its length in eight bytes, then UTF-8.
    pub(super) fn string(&mut self, what: &str) -> Result<String, ModelError> {
        let length = self.u64(what)?;
        let mut bytes = Vec::new();
        self.append(what, length, &mut bytes)?;
        String::from_utf8(bytes).map_err(|_| not_utf8(what))
    }
}

pub(super) fn not_utf8(what: &str) -> ModelError {
    ModelError::Malformed {
        what: what.to_owned(),
        found: "not valid UTF-8".into(),
        expected: "a UTF-8 string".into(),
    }
}
