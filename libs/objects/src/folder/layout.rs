//! Where everything is in the folder.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{Key, ObjectsError};

/// The store's own folder, which no key may lead into.
pub(super) const OWN: &str = ".ondol";
/// What file systems take as a name.
const LONGEST_NAME: usize = 255;
/// No write takes so long; what is older was left behind by a process that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// The paths of a folder store.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes what is missing, and sweeps.
    pub(super) fn prepare(&self) -> Result<(), ObjectsError> {
        for folder in [self.own("new"), self.own("about"), self.own("locks")] {
            fs::create_dir_all(&folder).map_err(|error| self.error("make the folder", &folder, error))?;
        }
        let new = self.own("new");
        let entries = fs::read_dir(&new).map_err(|error| self.error("read the folder", &new, error))?;
        let now = SystemTime::now();
        let is_old = |path: &PathBuf| {
            let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
            modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age > ABANDONED))
        };
        for path in entries.flatten().map(|entry| entry.path()).filter(is_old) {
            // Another process may have swept it just now.
            drop(fs::remove_file(path));
        }
        Ok(())
    }

    /// The file of an object.
    pub(super) fn body(&self, key: &Key) -> Result<PathBuf, ObjectsError> {
        if key.as_str().split('/').next() == Some(OWN) {
            return Err(ObjectsError::invalid("key", format!("`{OWN}` is the store's own folder")));
        }
        if key.as_str().split('/').any(|segment| segment.len() > LONGEST_NAME) {
            let problem = format!("a folder takes at most {LONGEST_NAME} bytes between slashes");
            return Err(ObjectsError::invalid("key", problem));
        }
        Ok(self.root.join(key.as_str()))
    }

    /// The folder with what is known about an object: one file for each content that it has or had a moment ago.
    pub(super) fn about(&self, key: &Key) -> PathBuf {
        let name = hex::encode(Sha256::digest(key.as_str()));
        self.own("about").join(&name[..2]).join(name)
    }

    /// Keeps all other writers of this key away, of this process or another, until the result is dropped.
    pub(super) fn lock(&self, key: &Key) -> Result<File, ObjectsError> {
        let group = hex::encode(&Sha256::digest(key.as_str())[..1]);
        let path = self.own("locks").join(group);
        let locked = File::options().create(true).append(true).open(&path).and_then(|file| {
            file.lock()?;
            Ok(file)
        });
        locked.map_err(|error| self.error("lock", &path, error))
    }

    /// A new file that is removed when it is dropped, unless it was put in its place.
    pub(super) fn create(&self) -> Result<NamedTempFile, ObjectsError> {
        let folder = self.own("new");
        let made = tempfile::Builder::new().permissions(Permissions::from_mode(0o644)).tempfile_in(&folder);
        made.map_err(|error| self.error("make a file in", &folder, error))
    }

    #[expect(clippy::unused_self, reason = "reads better at every call than a function that is imported")]
    pub(super) fn error(&self, doing: &'static str, path: &Path, source: io::Error) -> ObjectsError {
        ObjectsError::File { doing, path: path.to_owned(), source }
    }

    fn own(&self, name: &str) -> PathBuf {
        self.root.join(OWN).join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        time::{Duration, SystemTime},
    };

    use fault::{Fault, Kind};

    use super::Layout;
    use crate::Key;

    #[test]
    fn keys_stay_out_of_the_stores_own_folder_and_fit_names() {
        let layout = Layout::new("/store".into());
        let body = |key: &str| layout.body(&Key::new(key).unwrap());
        assert_eq!(body("a/.ondol").unwrap().to_str(), Some("/store/a/.ondol"));
        for key in [".ondol", ".ondol/about/x", &format!("a/{}", "x".repeat(256))] {
            assert_eq!(body(key).unwrap_err().kind(), Kind::InvalidArgument, "{key}");
        }
    }

    #[test]
    fn only_what_was_abandoned_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path().to_owned());
        layout.prepare().unwrap();
        let young = layout.create().unwrap();
        let old = layout.own("new").join("old");
        let yesterday = SystemTime::now() - Duration::from_hours(25);
        File::create(&old).unwrap().set_modified(yesterday).unwrap();
        layout.prepare().unwrap();
        assert!(young.path().exists());
        assert!(!fs::exists(old).unwrap());
    }
}
