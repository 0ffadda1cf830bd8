//! A package under construction, which appears in the store whole or not at all.
//!
//! A process that dies leaves its folder behind; the next import removes it.

use std::{collections::BTreeMap, path::Path};

use tempfile::TempDir;

use crate::{
    FileRecord, Manifest, ModelError, Package,
    package::MANIFEST,
    place::{Place, UNFINISHED, open_to_all},
    recorded_file::RecordedFile,
};

/// An unfinished package. Dropped without [`Staging::commit`], it is removed.
pub(super) struct Staging {
    place: Place,
    folder: TempDir,
    files: BTreeMap<String, FileRecord>,
}

impl Staging {
    /// Begins a package; fails if one of that name exists, unless it may be replaced.
    pub(super) fn begin(root: &Path, name: &str, replace: bool) -> Result<Self, ModelError> {
        let place = Place::take(root, name, replace)?;
        let folder = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(root)
            .map_err(ModelError::io("write into", root))?;
        open_to_all(folder.path()).map_err(ModelError::io("create", folder.path()))?;
        Ok(Self { place, folder, files: BTreeMap::new() })
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
        self.place.fill(self.folder.path())?;
        // The folder has a new name: there is nothing left to remove under the old one.
        let _ = self.folder.keep();
        Ok(manifest)
    }
}
