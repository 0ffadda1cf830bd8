//! Reading GGUF, the file format of llama.cpp, versions 2 and 3 in little-endian byte order.
//!
//! The header ([`Metadata`] and the list of [`Tensor`]s) is read and checked at once; weights are read by rows, on
//! demand. The file is never trusted: every count is checked against the bytes that are left before anything is
//! allocated for it, and what is kept of a header is a small multiple of the bytes that it occupies.

mod block;
mod cursor;
mod metadata;
mod tensor;

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
};

pub(crate) use block::{Encoding, LINE, Line};
use cursor::Cursor;
pub(crate) use metadata::{Metadata, Strings};
pub(crate) use tensor::Tensor;

use crate::ModelError;

/// Bytes read at once.
const PIECE: usize = 256 << 10;

const MAGIC: [u8; 4] = *b"GGUF";

/// An opened GGUF file whose header has been checked.
pub(crate) struct Gguf<R> {
    source: R,
    path: PathBuf,
    metadata: Metadata,
    tensors: BTreeMap<String, Tensor>,
}

impl<R: Read + Seek> Gguf<R> {
    /// Reads the header of `source`; `path` is for messages only.
    pub(crate) fn read(mut source: R, path: PathBuf) -> Result<Self, ModelError> {
        let mut cursor = Cursor::new(&mut source, &path)?;
        let (tensor_count, key_count) = read_preamble(&mut cursor)?;
        let metadata = Metadata::read(&mut cursor, key_count)?;
        let tensors = tensor::read_all(&mut cursor, tensor_count, &metadata)?;
        Ok(Self { source, path, metadata, tensors })
    }

    /// The key/value pairs.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Every tensor by its name.
    pub(crate) fn tensors(&self) -> &BTreeMap<String, Tensor> {
        &self.tensors
    }

    /// Bytes of all tensors.
    pub(crate) fn tensor_bytes(&self) -> u64 {
        self.tensors.values().map(Tensor::bytes).sum()
    }

    /// The tensor of this name, which must exist.
    pub(crate) fn tensor(&self, name: &str) -> Result<&Tensor, ModelError> {
        self.tensors.get(name).ok_or_else(|| ModelError::Missing { what: format!("tensor {name}") })
    }

    /// Reads the whole file once, a piece at a time.
    pub(crate) fn read_through(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), ModelError> {
        let mut buffer = vec![0; PIECE];
        let mut left = self.source.seek(SeekFrom::End(0)).map_err(ModelError::io("read", &self.path))?;
        self.source.rewind().map_err(ModelError::io("read", &self.path))?;
        while left > 0 {
            let piece = &mut buffer[..left.min(PIECE as u64) as usize];
            self.source.read_exact(piece).map_err(ModelError::io("read", &self.path))?;
            take(piece);
            left -= piece.len() as u64;
        }
        Ok(())
    }

    /// Reads `count` rows of `tensor`, still encoded, into `buffer`, which then holds exactly these rows.
    pub(crate) fn read_rows(
        &mut self,
        tensor: &Tensor,
        first: u64,
        count: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), ModelError> {
        let start = tensor.start + first * tensor.row_bytes();
        buffer.resize((count * tensor.row_bytes()) as usize, 0);
        self.source
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.source.read_exact(buffer))
            .map_err(ModelError::io("read", &self.path))
    }
}

/// Checks magic and version, and returns the numbers of tensors and of metadata keys.
fn read_preamble<R: Read + Seek>(cursor: &mut Cursor<'_, R>) -> Result<(u64, u64), ModelError> {
    let magic = cursor.array::<4>("the magic number")?;
    if magic != MAGIC {
        return Err(ModelError::Malformed {
            what: "the magic number".into(),
            found: format!("{:?}", String::from_utf8_lossy(&magic)),
            expected: "\"GGUF\"".into(),
        });
    }
    let version = cursor.u32("the format version")?;
    if !matches!(version, 2 | 3) {
        let order = if matches!(version.swap_bytes(), 1..=3) { " in big-endian byte order" } else { "" };
        return Err(ModelError::Unsupported {
            what: "the GGUF version".into(),
            found: if order.is_empty() {
                version.to_string()
            } else {
                version.swap_bytes().to_string() + order
            },
            supported: "versions 2 and 3 in little-endian byte order".into(),
        });
    }
    Ok((cursor.u64("the number of tensors")?, cursor.u64("the number of metadata keys")?))
}
