//! A folder of packages, one folder each, named as the model.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Manifest, ModelError, Package, manifest::is_model_name, package::MANIFEST};

/// A folder of model packages.
///
/// It holds no state: each call looks at the disk, so a model that another process imports is seen at once. Folders
/// whose names begin with a dot are somebody's work in progress and never looked at.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// One package of a store.
#[derive(Debug)]
pub struct Entry {
    /// The folder's name, which is the model's name where the package is sound.
    pub name: String,
    /// What the package says of itself, or why it cannot be used.
    pub manifest: Result<Manifest, ModelError>,
}

impl Store {
    /// The store in an existing folder.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, ModelError> {
        let root = root.into();
        match fs::metadata(&root) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { root }),
            Ok(_) => Err(ModelError::io("open", &root)(io::ErrorKind::NotADirectory.into())),
            Err(source) => Err(ModelError::io("open", &root)(source)),
        }
    }

    /// The store in a folder that is created where it does not exist.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, ModelError> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(ModelError::io("create", &root))?;
        Self::open(root)
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every package, sorted by name. One that is broken stands among the others with its error.
    pub fn list(&self) -> Result<Vec<Entry>, ModelError> {
        let names = self.names()?;
        let entry = |name: String| Entry { manifest: self.load(&name).map(|p| p.manifest().clone()), name };
        Ok(names.into_iter().map(entry).collect())
    }

    /// Opens a package by its name; an unknown name gets an error that tells the names which exist.
    pub fn package(&self, name: &str) -> Result<Package, ModelError> {
        // A name is checked before it becomes a path.
        if is_model_name(name) && self.root.join(name).is_dir() {
            return self.load(name);
        }
        Err(ModelError::NotFound { name: name.to_owned(), available: self.names()? })
    }

    fn load(&self, name: &str) -> Result<Package, ModelError> {
        let package = Package::open(self.root.join(name))?;
        let found = &package.manifest().name;
        if found == name {
            return Ok(package);
        }
        Err(ModelError::BrokenPackage {
            model: name.to_owned(),
            file: MANIFEST.to_owned(),
            expected: format!("the name of its folder, {name:?}"),
            found: format!("{found:?}"),
        })
    }

    /// The names of all folders that are, or were meant to be, packages; sorted.
    fn names(&self) -> Result<Vec<String>, ModelError> {
        let entries = fs::read_dir(&self.root).map_err(ModelError::io("list", &self.root))?;
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(ModelError::io("list", &self.root))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // A file system's own folders (`lost+found`) are no packages; a package with a wrong name is a broken one.
            let meant = is_model_name(&name) || path.join(MANIFEST).exists();
            if !name.starts_with('.') && path.is_dir() && meant {
                names.push(name.into_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::Store;
    use crate::{ModelError, package::write_example};

    fn store(names: &[&str]) -> (TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            write_example(&folder.path().join(name), name);
        }
        let store = Store::open(folder.path()).unwrap();
        (folder, store)
    }

    fn names(store: &Store) -> Vec<(String, bool)> {
        store.list().unwrap().into_iter().map(|entry| (entry.name, entry.manifest.is_ok())).collect()
    }

    #[test]
    fn packages_are_listed_by_name() {
        let (_folder, store) = store(&["beta", "alpha"]);
        assert_eq!(names(&store), [("alpha".to_owned(), true), ("beta".to_owned(), true)]);
    }

    #[test]
    fn a_broken_package_hides_no_other() {
        let (folder, store) = store(&["alpha", "beta"]);
        fs::remove_file(folder.path().join("alpha/model.onnx")).unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        let expected = [("alpha".to_owned(), false), ("beta".to_owned(), true), ("empty".to_owned(), false)];
        assert_eq!(names(&store), expected);
    }

    #[test]
    fn a_package_under_another_name_is_broken() {
        let (folder, store) = store(&["alpha"]);
        fs::rename(folder.path().join("alpha"), folder.path().join("gamma")).unwrap();
        assert!(matches!(store.package("gamma"), Err(ModelError::BrokenPackage { .. })));
        fs::rename(folder.path().join("gamma"), folder.path().join("Gamma")).unwrap();
        assert_eq!(names(&store), [("Gamma".to_owned(), false)]);
    }

    #[test]
    fn unfinished_imports_and_stray_things_are_not_packages() {
        let (folder, store) = store(&[]);
        write_example(&folder.path().join(".import-1"), "alpha");
        fs::create_dir(folder.path().join("lost+found")).unwrap();
        fs::write(folder.path().join("readme"), "").unwrap();
        assert!(names(&store).is_empty());
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_that_exist() {
        let (_folder, store) = store(&["alpha", "beta"]);
        for name in ["gamma", "../alpha", "alpha/", "", ".", "ALPHA"] {
            match store.package(name) {
                Err(ModelError::NotFound { available, .. }) => assert_eq!(available, ["alpha", "beta"]),
                other => panic!("{name:?}: {other:?}"),
            }
        }
        assert_eq!(store.package("beta").unwrap().manifest().name, "beta");
    }

    #[test]
    fn a_store_needs_a_folder_and_can_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("models");
        assert!(Store::open(&missing).is_err());
        assert!(Store::create(&missing).unwrap().list().unwrap().is_empty());
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(Store::open(folder.path().join("file")).is_err());
    }
}
