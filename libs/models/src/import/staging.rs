//! A package under construction, which appears in the store whole or not at all.
//!
//! Files are written into a folder beside the packages whose name begins with a dot, brought to the disk, and the
//! folder is renamed. A process that dies leaves such a folder behind; the next import removes it. A lock on a file of
//! the store keeps two imports apart, and the system gives it back when a process dies.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{FileRecord, Manifest, ModelError, Package, package::MANIFEST, recorded_file::RecordedFile};

const LOCK: &str = ".import.lock";
const UNFINISHED: &str = ".import-";
const REPLACED: &str = ".replaced-";

/// An unfinished package. Dropped without [`Staging::commit`], it is removed.
pub(super) struct Staging {
    root: PathBuf,
    folder: TempDir,
    target: PathBuf,
    replaced: PathBuf,
    files: BTreeMap<String, FileRecord>,
    _lock: File,
}

impl Staging {
    /// Begins a package; fails if one of that name exists, unless it may be replaced.
    pub(super) fn begin(root: &Path, name: &str, replace: bool) -> Result<Self, ModelError> {
        let lock = lock(root)?;
        remove_leftovers(root)?;
        let target = root.join(name);
        if !replace && target.exists() {
            return Err(ModelError::AlreadyExists { name: name.to_owned() });
        }
        let folder = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(root)
            .map_err(ModelError::io("write into", root))?;
        open_to_all(folder.path()).map_err(ModelError::io("create", folder.path()))?;
        let replaced = root.join(format!("{REPLACED}{name}"));
        Ok(Self { root: root.to_owned(), folder, target, replaced, files: BTreeMap::new(), _lock: lock })
    }

    /// Where the files go.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new file of the package; [`Staging::add`] takes it when it is complete.
    pub(super) fn create(&self, name: &str) -> Result<RecordedFile, ModelError> {
        RecordedFile::create(self.folder.path(), name)
    }

    pub(super) fn add(&mut self, file: RecordedFile) -> Result<(), ModelError> {
        let (name, record) = file.finish()?;
        self.files.insert(name, record);
        Ok(())
    }

    /// The files that are complete.
    pub(super) fn files(&self) -> &BTreeMap<String, FileRecord> {
        &self.files
    }

    /// Writes the manifest of the files, checks the package as its users will, and gives it its name.
    pub(super) fn commit(
        mut self,
        manifest: impl FnOnce(BTreeMap<String, FileRecord>) -> Manifest,
    ) -> Result<Manifest, ModelError> {
        let manifest = manifest(std::mem::take(&mut self.files));
        let mut file = self.create(MANIFEST)?;
        file.append(manifest.to_toml()?.as_bytes())?;
        file.finish()?;
        Package::open(self.folder.path())?;
        self.publish()?;
        Ok(manifest)
    }

    fn publish(self) -> Result<(), ModelError> {
        sync(self.folder.path())?;
        let replaces = self.target.exists();
        if replaces {
            fs::rename(&self.target, &self.replaced).map_err(ModelError::io("replace", &self.target))?;
        }
        if let Err(error) = fs::rename(self.folder.path(), &self.target) {
            if replaces {
                fs::rename(&self.replaced, &self.target).map_err(ModelError::io("restore", &self.target))?;
            }
            return Err(ModelError::io("create", &self.target)(error));
        }
        // The folder has a new name: there is nothing left to remove under the old one.
        let _ = self.folder.keep();
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

/// Removes what killed imports left, and gives a package back its name if one died while replacing it.
fn remove_leftovers(root: &Path) -> Result<(), ModelError> {
    for entry in fs::read_dir(root).map_err(ModelError::io("list", root))? {
        let path = entry.map_err(ModelError::io("list", root))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
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

/// Temporary folders are private; packages are read by whoever may read the store.
fn open_to_all(folder: &Path) -> io::Result<()> {
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
