//! The place of a package in a store, which is filled by one writer at a time, whole or not at all.
//!
//! A package is made in a folder beside the others whose name begins with a dot, brought to the disk, and the folder is
//! renamed. A lock on a file of the store keeps two writers apart, and the system gives it back when a process dies.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::ModelError;

const LOCK: &str = ".import.lock";
const REPLACED: &str = ".replaced-";
/// How folders of unfinished imports begin, which are of no use to anybody.
pub(crate) const UNFINISHED: &str = ".import-";

/// Where a package will be, with the right to put it there.
pub(crate) struct Place {
    root: PathBuf,
    target: PathBuf,
    replaced: PathBuf,
    _lock: File,
}

impl Place {
    /// Takes the place of `name`; fails if there is such a package, unless it may be replaced. Clears away what killed
    /// writers left.
    pub(crate) fn take(root: &Path, name: &str, replace: bool) -> Result<Self, ModelError> {
        let lock = lock(root)?;
        clear(root)?;
        let target = root.join(name);
        if !replace && target.exists() {
            return Err(ModelError::AlreadyExists { name: name.to_owned() });
        }
        let replaced = root.join(format!("{REPLACED}{name}"));
        Ok(Self { root: root.to_owned(), target, replaced, _lock: lock })
    }

    /// Brings the folder's entries to the disk, and renames it to be the package. Its files are there already.
    pub(crate) fn fill(self, folder: &Path) -> Result<(), ModelError> {
        sync(folder)?;
        let replaces = self.target.exists();
        if replaces {
            fs::rename(&self.target, &self.replaced).map_err(ModelError::io("replace", &self.target))?;
        }
        if let Err(error) = fs::rename(folder, &self.target) {
            if replaces {
                fs::rename(&self.replaced, &self.target).map_err(ModelError::io("restore", &self.target))?;
            }
            return Err(ModelError::io("create", &self.target)(error));
        }
        sync(&self.root)?;
        if replaces {
            fs::remove_dir_all(&self.replaced).map_err(ModelError::io("remove", &self.replaced))?;
        }
        Ok(())
    }
}

fn lock(root: &Path) -> Result<File, ModelError> {
    let path = root.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(ModelError::io("write into the store, as", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ModelError::StoreBusy { path: root.to_owned() }),
        Err(TryLockError::Error(error)) => Err(ModelError::io("lock", path)(error)),
    }
}

/// Removes what killed imports left, and gives a package back its name if its writer died while replacing it.
fn clear(root: &Path) -> Result<(), ModelError> {
    for path in entries(root)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(name) = name.strip_prefix(REPLACED)
            && !root.join(name).exists()
        {
            fs::rename(&path, root.join(name)).map_err(ModelError::io("restore", &path))?;
        } else if name.starts_with(UNFINISHED) || name.starts_with(REPLACED) {
            fs::remove_dir_all(&path).map_err(ModelError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// What is in a folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|it| it.map(|it| it.path())).collect());
    entries.map_err(ModelError::io("list", folder))
}

/// Temporary folders are private; packages are read by whoever may read the store.
pub(crate) fn open_to_all(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Brings a folder's entries to the disk, where the system can do that.
fn sync(folder: &Path) -> Result<(), ModelError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if cfg!(unix) => Err(ModelError::io("write", folder)(error)),
        _ => Ok(()),
    }
}
