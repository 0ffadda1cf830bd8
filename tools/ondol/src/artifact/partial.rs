//! A file that is not whole yet, beside the one that it will be.
//!
//! Its name tells which content it is a part of, so a later run finds what an earlier one left, and never takes it for
//! a part of something else.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The part of a file that is there.
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    whole: PathBuf,
    /// Whether a later run can go on with it.
    known: bool,
}

impl Partial {
    /// Opens what is there of `whole`, for this process alone. `content` tells it from any other; without, nothing is
    /// taken over.
    pub(super) fn open(whole: &Path, content: Option<&str>) -> io::Result<Self> {
        let name = whole.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let mark = hex::encode(&Sha256::digest(content.unwrap_or_default())[..6]);
        // As any new file: the user's umask says who may read it.
        let path = whole.with_file_name(format!(".{}.{mark}.part", name.to_string_lossy()));
        let file = File::options().create(true).append(true).open(&path)?;
        file.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => {
                io::Error::other(format!("another process writes {} at the moment", path.display()))
            }
            TryLockError::Error(error) => error,
        })?;
        let partial = Self { file, path, whole: whole.to_owned(), known: content.is_some() };
        if content.is_none() {
            partial.file.set_len(0)?;
        }
        Ok(partial)
    }

    /// How many bytes are there, of so many in all.
    pub(super) fn held(&self, size: Option<u64>) -> io::Result<u64> {
        let held = self.file.metadata()?.len();
        if size.is_some_and(|size| held <= size) {
            return Ok(held);
        }
        self.file.set_len(0)?;
        Ok(0)
    }

    /// Adds what has come.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Puts it in its place. A file that was there stays until then.
    pub(super) fn publish(self) -> io::Result<()> {
        fs::rename(&self.path, &self.whole)
    }

    /// Leaves it for a later run, where that can use it, and says where it is.
    pub(super) fn keep(self) -> Option<PathBuf> {
        let held = self.file.metadata().map(|it| it.len()).unwrap_or_default();
        if self.known && held > 0 {
            return Some(self.path);
        }
        self.forget();
        None
    }

    /// Removes it.
    pub(super) fn forget(&self) {
        // A file that stays is found, or passed over, by the next run.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Partial;

    #[test]
    fn what_one_run_left_is_taken_up_by_the_next_and_only_for_the_same_content() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("out.jsonl");
        fs::write(&whole, "old").unwrap();
        let mut first = Partial::open(&whole, Some("\"a\"")).unwrap();
        first.write(b"half ").unwrap();
        let kept = first.keep().unwrap();
        assert_eq!(fs::read_to_string(&whole).unwrap(), "old");

        let other = Partial::open(&whole, Some("\"b\"")).unwrap();
        assert_eq!(other.held(Some(9)).unwrap(), 0);
        assert_eq!(other.keep(), None);
        let unknown = Partial::open(&whole, None).unwrap();
        assert_eq!(unknown.held(Some(9)).unwrap(), 0);
        assert_eq!(unknown.keep(), None);

        let mut second = Partial::open(&whole, Some("\"a\"")).unwrap();
        assert_eq!(second.held(Some(9)).unwrap(), 5);
        second.write(b"done").unwrap();
        second.publish().unwrap();
        assert_eq!(fs::read_to_string(&whole).unwrap(), "half done");
        assert!(!kept.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn more_than_there_can_be_is_no_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let mut partial = Partial::open(&folder.path().join("out"), Some("\"a\"")).unwrap();
        partial.write(b"too much").unwrap();
        assert_eq!(partial.held(Some(3)).unwrap(), 0);
    }

    #[test]
    fn two_processes_do_not_write_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("out");
        let first = Partial::open(&whole, Some("\"a\"")).unwrap();
        let refused = Partial::open(&whole, Some("\"a\"")).err().unwrap().to_string();
        assert!(refused.contains("another process"), "{refused}");
        drop(first);
        Partial::open(&whole, Some("\"a\"")).unwrap();
    }
}
