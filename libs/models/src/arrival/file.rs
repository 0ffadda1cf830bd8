//! One file that arrives, compared with what was promised.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    FileRecord, ModelError,
    package::{broken_package, bytes},
};

/// A file of a package, open behind what is there of it.
pub struct ArrivingFile {
    model: String,
    name: String,
    record: FileRecord,
    path: PathBuf,
    file: File,
    hash: Sha256,
    held: u64,
}

impl ArrivingFile {
    /// Reads what there is, since its checksum begins with it. More than there may be is thrown away.
    pub(super) fn open(
        model: &str,
        folder: &Path,
        (name, record): (&str, &FileRecord),
    ) -> Result<Self, ModelError> {
        let path = folder.join(name);
        let mut hash = Sha256::new();
        let mut open = || -> io::Result<(File, u64)> {
            let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
            if file.metadata()?.len() > record.bytes {
                file.set_len(0)?;
            }
            let held = io::copy(&mut file, &mut hash)?;
            Ok((file, held))
        };
        let (file, held) = open().map_err(ModelError::io("open", &path))?;
        let (model, name, record) = (model.to_owned(), name.to_owned(), record.clone());
        Ok(Self { model, name, record, path, file, hash, held })
    }

    /// The bytes that are there, which need not be fetched.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Takes the next bytes.
    pub fn append(&mut self, next: &[u8]) -> Result<(), ModelError> {
        let length = self.held + next.len() as u64;
        if length > self.record.bytes {
            return Err(self.broken(bytes(self.record.bytes), format!("at least {length}")));
        }
        self.file.write_all(next).map_err(ModelError::io("write", &self.path))?;
        self.hash.update(next);
        self.held = length;
        Ok(())
    }

    /// Compares the whole with its record and brings it to the disk; its name.
    pub(super) fn finish(mut self) -> Result<String, ModelError> {
        if self.held != self.record.bytes {
            return Err(self.broken(bytes(self.record.bytes), bytes(self.held)));
        }
        let found = hex::encode(self.hash.finalize_reset());
        if found != self.record.sha256 {
            fs::remove_file(&self.path).map_err(ModelError::io("remove", &self.path))?;
            return Err(self.broken(format!("sha256 {}", self.record.sha256), format!("sha256 {found}")));
        }
        self.file.sync_all().map_err(ModelError::io("write", &self.path))?;
        Ok(self.name)
    }

    fn broken(&self, expected: String, found: String) -> ModelError {
        broken_package(&self.model, &self.name, expected, found)
    }
}
