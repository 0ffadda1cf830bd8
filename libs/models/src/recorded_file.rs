//! A file that takes its own size and checksum while it is written.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{FileRecord, ModelError};

const BUFFER: usize = 256 << 10;

/// A new file, written from start to end once.
pub(crate) struct RecordedFile {
    out: BufWriter<File>,
    path: PathBuf,
    name: String,
    hash: Sha256,
    bytes: u64,
}

impl RecordedFile {
    /// Creates `name` in `folder`; it must not exist.
    pub(crate) fn create(folder: &Path, name: &str) -> Result<Self, ModelError> {
        let path = folder.join(name);
        let file = File::create_new(&path).map_err(ModelError::io("create", &path))?;
        Ok(Self {
            out: BufWriter::with_capacity(BUFFER, file),
            path,
            name: name.to_owned(),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    /// The file's name, without its folder.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        self.out.write_all(bytes).map_err(ModelError::io("write", &self.path))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn write_floats(&mut self, values: &[f32]) -> Result<(), ModelError> {
        let mut bytes = [0; 4096];
        for values in values.chunks(bytes.len() / 4) {
            for (bytes, value) in bytes.chunks_exact_mut(4).zip(values) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
            self.append(&bytes[..values.len() * 4])?;
        }
        Ok(())
    }

    /// Writes zeros up to the next multiple of `alignment`.
    pub(crate) fn pad_to(&mut self, alignment: u64) -> Result<(), ModelError> {
        let missing = self.bytes.next_multiple_of(alignment) - self.bytes;
        self.append(&vec![0; missing as usize])
    }

    /// Brings the file to the disk.
    pub(crate) fn finish(mut self) -> Result<(String, FileRecord), ModelError> {
        self.out
            .flush()
            .and_then(|()| self.out.get_ref().sync_all())
            .map_err(ModelError::io("write", &self.path))?;
        let record = FileRecord { bytes: self.bytes, sha256: hex::encode(self.hash.finalize()) };
        Ok((self.name, record))
    }
}

impl Write for RecordedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
