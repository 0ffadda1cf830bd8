//! A package that arrives file by file from elsewhere, and gets its place once all of it is there and right.
//!
//! Where the bytes come from is not known here. What has come stays where it is when the process ends, under the digest of
//! the package, and the next arrival of the same package goes on behind it. Nothing is believed that was not compared with
//! the checksums of the manifest, what an earlier process left included.

mod file;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::PathBuf,
};

pub use file::ArrivingFile;

use crate::{
    Manifest, ModelError, Package, Store,
    package::{MANIFEST, broken_package, digest},
    place::{Place, entries, open_to_all},
};

/// How folders begin in which something has arrived.
const PARTIAL: &str = ".pull-";

/// A package of which some files are there.
pub struct Arrival {
    place: Place,
    folder: PathBuf,
    manifest: Manifest,
    text: String,
    accepted: BTreeSet<String>,
}

impl Arrival {
    /// Begins the package whose `model.toml` is this text, or goes on with it; fails if another one of its name exists,
    /// unless it may be replaced. What there is of other packages that never became whole is removed: a disk has room
    /// for one.
    pub fn begin(store: &Store, text: &str, replace: bool) -> Result<Self, ModelError> {
        let manifest = Manifest::parse(text)?;
        let place = Place::take(store.root(), &manifest.name, replace)?;
        let folder = store.root().join(format!("{PARTIAL}{}", digest(text.as_bytes())));
        for path in entries(store.root())? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(PARTIAL) && path != folder {
                fs::remove_dir_all(&path).map_err(ModelError::io("remove", &path))?;
            }
        }
        fs::create_dir_all(&folder)
            .and_then(|()| open_to_all(&folder))
            .map_err(ModelError::io("create", &folder))?;
        Ok(Self { place, folder, manifest, text: text.to_owned(), accepted: BTreeSet::new() })
    }

    /// What the package says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Opens a file that the manifest lists, behind what is there of it.
    pub fn file(&self, name: &str) -> Result<ArrivingFile, ModelError> {
        match self.manifest.files.get(name) {
            Some(record) => ArrivingFile::open(&self.manifest.name, &self.folder, (name, record)),
            None => Err(self.broken(name, "a file that model.toml lists", "none")),
        }
    }

    /// Takes a file that is whole. One with other bytes than the manifest says is removed, so that it begins anew.
    pub fn accept(&mut self, file: ArrivingFile) -> Result<(), ModelError> {
        self.accepted.insert(file.finish()?);
        Ok(())
    }

    /// Gives the package its place, once every file was accepted.
    pub fn commit(self) -> Result<Manifest, ModelError> {
        if let Some(missing) = self.manifest.files.keys().find(|name| !self.accepted.contains(*name)) {
            return Err(self.broken(missing, "a file that was compared with its checksum", "none"));
        }
        let path = self.folder.join(MANIFEST);
        File::create(&path)
            .and_then(|mut file| file.write_all(self.text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(ModelError::io("write", &path))?;
        Package::open(&self.folder)?;
        self.place.fill(&self.folder)?;
        Ok(self.manifest)
    }

    fn broken(&self, file: &str, expected: &str, found: &str) -> ModelError {
        broken_package(&self.manifest.name, file, expected, found)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use tempfile::TempDir;

    use super::{Arrival, PARTIAL};
    use crate::{
        ModelError, Store,
        package::{MANIFEST, digest, write_example},
    };

    /// A package elsewhere, and an empty store.
    struct Stand {
        elsewhere: TempDir,
        _folder: TempDir,
        store: Store,
    }

    impl Stand {
        fn new() -> Self {
            let elsewhere = tempfile::tempdir().unwrap();
            write_example(elsewhere.path(), "tiny");
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            Self { elsewhere, _folder: folder, store }
        }

        fn text(&self) -> String {
            fs::read_to_string(self.elsewhere.path().join(MANIFEST)).unwrap()
        }

        fn begin(&self) -> Arrival {
            Arrival::begin(&self.store, &self.text(), false).unwrap()
        }

        /// Brings what is missing of a file, and says how much of it was there.
        fn bring(&self, arrival: &mut Arrival, name: &str) -> Result<u64, ModelError> {
            let content = fs::read(self.elsewhere.path().join(name)).unwrap();
            let mut file = arrival.file(name).unwrap();
            let held = file.held();
            file.append(&content[held as usize..])?;
            arrival.accept(file)?;
            Ok(held)
        }

        fn bring_all(&self, arrival: &mut Arrival) {
            for name in arrival.manifest().files.keys().cloned().collect::<Vec<_>>() {
                self.bring(arrival, &name).unwrap();
            }
        }

        /// What was begun, by the name of its folder.
        fn partial(&self) -> PathBuf {
            self.store.root().join(format!("{PARTIAL}{}", digest(self.text().as_bytes())))
        }
    }

    #[test]
    fn a_package_is_there_once_all_of_it_is() {
        let stand = Stand::new();
        let mut arrival = stand.begin();
        stand.bring_all(&mut arrival);
        assert!(stand.store.list().unwrap().is_empty());
        arrival.commit().unwrap();
        let package = stand.store.package("tiny").unwrap();
        package.verify().unwrap();
        assert_eq!(package.digest(), digest(stand.text().as_bytes()));
        assert!(!stand.partial().exists());
    }

    #[test]
    fn what_was_not_compared_is_not_placed() {
        let stand = Stand::new();
        let mut arrival = stand.begin();
        stand.bring(&mut arrival, "tokenizer.json").unwrap();
        let problem = arrival.commit().unwrap_err().to_string();
        assert!(problem.contains("chat_template.jinja"), "{problem}");
        assert!(stand.store.list().unwrap().is_empty());
    }

    #[test]
    fn what_has_come_stays_and_is_gone_on_with() {
        let stand = Stand::new();
        let arrival = stand.begin();
        arrival.file("model.onnx").unwrap().append(b"gra").unwrap();
        drop(arrival);
        let mut again = stand.begin();
        assert_eq!(stand.bring(&mut again, "model.onnx").unwrap(), 3);
        stand.bring_all(&mut again);
        again.commit().unwrap();
        stand.store.package("tiny").unwrap().verify().unwrap();
    }

    #[test]
    fn wrong_bytes_are_refused_and_begin_anew() {
        let stand = Stand::new();
        let mut arrival = stand.begin();
        arrival.file("model.onnx").unwrap().append(b"grA").unwrap();
        let problem = stand.bring(&mut arrival, "model.onnx").unwrap_err().to_string();
        assert!(problem.contains("model.onnx: expected sha256"), "{problem}");
        assert_eq!(stand.bring(&mut arrival, "model.onnx").unwrap(), 0);
    }

    #[test]
    fn a_file_takes_no_more_bytes_than_it_has() {
        let stand = Stand::new();
        let mut arrival = stand.begin();
        let mut file = arrival.file("model.onnx").unwrap();
        file.append(b"gr").unwrap();
        assert!(file.append(b"aph and more").unwrap_err().to_string().contains("5 bytes"));
        let problem = arrival.accept(file).unwrap_err().to_string();
        assert!(problem.contains("expected 5 bytes, found 2 bytes"), "{problem}");
        // What an earlier process left, and is too long, cannot be a part of it.
        fs::write(stand.partial().join("model.onnx"), "graphs").unwrap();
        assert_eq!(arrival.file("model.onnx").unwrap().held(), 0);
        assert!(arrival.file("other").is_err());
    }

    #[test]
    fn one_of_another_content_takes_the_place_only_if_it_may() {
        let stand = Stand::new();
        write_example(&stand.store.root().join("tiny"), "tiny");
        fs::write(stand.store.root().join("tiny/extra"), "").unwrap();
        let refused = Arrival::begin(&stand.store, &stand.text(), false);
        assert!(matches!(refused, Err(ModelError::AlreadyExists { .. })));
        let mut arrival = Arrival::begin(&stand.store, &stand.text(), true).unwrap();
        stand.bring_all(&mut arrival);
        assert!(stand.store.root().join("tiny/extra").exists());
        arrival.commit().unwrap();
        assert!(!stand.store.root().join("tiny/extra").exists());
    }

    #[test]
    fn parts_of_other_packages_are_cleared_away_and_two_never_arrive_at_once() {
        let stand = Stand::new();
        let old = stand.store.root().join(format!("{PARTIAL}{}", "0".repeat(64)));
        fs::create_dir(&old).unwrap();
        let arrival = stand.begin();
        assert!(!old.exists());
        let second = Arrival::begin(&stand.store, &stand.text(), false);
        assert!(matches!(second, Err(ModelError::StoreBusy { .. })));
        drop(arrival);
        stand.begin();
    }
}
