//! One model package on disk.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{ChatTemplate, Manifest, ModelError, Tokenizer, tokenizer::AddedTokens};

/// The file that makes a folder a package.
pub const MANIFEST: &str = "model.toml";

const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";
const CHAT_TEMPLATE: &str = "chat_template.jinja";

/// The most bytes that [`MANIFEST`] may have.
pub const MAX_MANIFEST: u64 = 1 << 20;
const MAX_TOKENIZER: u64 = 64 << 20;
const MAX_CHAT_TEMPLATE: u64 = 1 << 20;

/// A folder whose manifest is sound and whose files are all there with the sizes that it lists.
#[derive(Debug)]
pub struct Package {
    folder: PathBuf,
    manifest: Manifest,
    digest: String,
}

/// What tells a package from any other: the SHA-256 of its `model.toml`, in lower-case hex, which has the checksums of
/// everything else.
pub fn digest(manifest: &[u8]) -> String {
    hex::encode(Sha256::digest(manifest))
}

impl Package {
    /// Opens the package in `folder`: reads and checks `model.toml`, then looks for every file that it lists. Contents
    /// are not read here, which takes seconds for a large model: [`Package::verify`] does that.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, ModelError> {
        let folder = folder.as_ref();
        let root = folder.canonicalize().map_err(ModelError::io("open", folder))?;
        let text = read_text(&root, MANIFEST, MAX_MANIFEST)?;
        let package =
            Self { manifest: Manifest::parse(&text)?, folder: root, digest: digest(text.as_bytes()) };
        for (name, record) in &package.manifest.files {
            let found = size_of(&package.folder, name)?;
            if found != record.bytes {
                return Err(package.broken(name, bytes(record.bytes), bytes(found)));
            }
        }
        Ok(package)
    }

    /// What the package says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What tells it from any other, as [`digest`] says.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where a file of the package is. Only files that the manifest lists can be asked for.
    pub fn path(&self, file: &str) -> Result<PathBuf, ModelError> {
        if self.manifest.files.contains_key(file) {
            return Ok(self.folder.join(file));
        }
        Err(self.broken(file, "a file that model.toml lists".to_owned(), "none".to_owned()))
    }

    /// Where the graph is; its external data lies beside it.
    pub fn model_path(&self) -> PathBuf {
        self.folder.join(MODEL)
    }

    /// Loads the tokenizer, and checks that the model has a row for each of its tokens.
    pub fn tokenizer(&self) -> Result<Tokenizer, ModelError> {
        let tokenizer = Tokenizer::from_json(&read(&self.folder, TOKENIZER, MAX_TOKENIZER)?)?;
        match &self.manifest.decoder {
            Some(decoder) if tokenizer.vocabulary_size() > decoder.vocabulary as usize => Err(self.broken(
                TOKENIZER,
                format!("token ids below {}", decoder.vocabulary),
                format!("ids up to {}", tokenizer.vocabulary_size() - 1),
            )),
            _ => Ok(tokenizer),
        }
    }

    /// Loads the chat template; none if the model has none, as base models do.
    pub fn chat_template(&self) -> Result<Option<ChatTemplate>, ModelError> {
        if !self.manifest.files.contains_key(CHAT_TEMPLATE) {
            return Ok(None);
        }
        let template = ChatTemplate::parse(&read_text(&self.folder, CHAT_TEMPLATE, MAX_CHAT_TEMPLATE)?)?;
        let added = AddedTokens::parse(&read(&self.folder, TOKENIZER, MAX_TOKENIZER)?)?;
        let spelling = |id: Option<u32>| id.and_then(|id| added.spelling(id)).map(str::to_owned);
        let tokens = &self.manifest.tokens;
        Ok(Some(template.with_tokens(spelling(tokens.begin), spelling(tokens.end.first().copied()))))
    }

    /// Reads every file whole and compares its checksum with the manifest's. Memory stays constant.
    pub fn verify(&self) -> Result<(), ModelError> {
        for (name, record) in &self.manifest.files {
            let found = checksum(&self.folder.join(name))?;
            if found != record.sha256 {
                let expected = format!("sha256 {}", record.sha256);
                return Err(self.broken(name, expected, format!("sha256 {found}")));
            }
        }
        Ok(())
    }

    fn broken(&self, file: &str, expected: String, found: String) -> ModelError {
        broken_package(&self.manifest.name, file, expected, found)
    }
}

/// The size of a file inside `folder`. A link may stay inside the folder, not leave it.
fn size_of(folder: &Path, file: &str) -> Result<u64, ModelError> {
    let path = folder.join(file);
    let resolved = match path.canonicalize() {
        Ok(resolved) => resolved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(broken(folder, file, "a file", "nothing"));
        }
        Err(source) => return Err(ModelError::io("look at", &path)(source)),
    };
    if !resolved.starts_with(folder) {
        return Err(broken(folder, file, "a file inside the package", "a link that leads out of it"));
    }
    let metadata = fs::metadata(&resolved).map_err(ModelError::io("look at", &path))?;
    if !metadata.is_file() {
        return Err(broken(folder, file, "a file", "something else"));
    }
    Ok(metadata.len())
}

/// Reads a file inside `folder` that must not be longer than `limit` bytes, and never more than that.
fn read(folder: &Path, file: &str, limit: u64) -> Result<Vec<u8>, ModelError> {
    let too_long = |found: u64| {
        let expected = format!("at most {limit} bytes");
        ModelError::BrokenPackage {
            model: name_of(folder),
            file: file.to_owned(),
            expected,
            found: bytes(found),
        }
    };
    let size = size_of(folder, file)?;
    if size > limit {
        return Err(too_long(size));
    }
    let path = folder.join(file);
    let mut content = Vec::new();
    File::open(&path)
        .and_then(|opened| opened.take(limit + 1).read_to_end(&mut content))
        .map_err(ModelError::io("read", &path))?;
    // The file may have grown since its size was looked at.
    if content.len() as u64 > limit { Err(too_long(content.len() as u64)) } else { Ok(content) }
}

fn read_text(folder: &Path, file: &str, limit: u64) -> Result<String, ModelError> {
    String::from_utf8(read(folder, file, limit)?)
        .map_err(|_| broken(folder, file, "UTF-8 text", "other bytes"))
}

fn checksum(path: &Path) -> Result<String, ModelError> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hash))
        .map_err(ModelError::io("read", path))?;
    Ok(hex::encode(hash.finalize()))
}

/// As the package's own method, for when there is no manifest yet.
fn broken(folder: &Path, file: &str, expected: &str, found: &str) -> ModelError {
    broken_package(&name_of(folder), file, expected, found)
}

/// A file of a package that is not what it should be.
pub(crate) fn broken_package(
    model: &str,
    file: &str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> ModelError {
    ModelError::BrokenPackage {
        model: model.to_owned(),
        file: file.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn bytes(count: u64) -> String {
    format!("{count} bytes")
}

/// Writes a package with a tokenizer of bytes into `folder`, for tests.
#[cfg(test)]
pub(crate) fn write_example(folder: &Path, name: &str) {
    let template = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}";
    let tokenizer = Tokenizer::bytes().to_json();
    let mut manifest = crate::manifest::example();
    name.clone_into(&mut manifest.name);
    manifest.tokens.end = vec![256];
    manifest.files.clear();
    fs::create_dir_all(folder).unwrap();
    for (file, content) in [(MODEL, "graph"), (TOKENIZER, &tokenizer), (CHAT_TEMPLATE, template)] {
        fs::write(folder.join(file), content).unwrap();
        let sha256 = hex::encode(Sha256::digest(content));
        manifest.files.insert(file.to_owned(), crate::FileRecord { bytes: content.len() as u64, sha256 });
    }
    fs::write(folder.join(MANIFEST), manifest.to_toml().unwrap()).unwrap();
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{MANIFEST, MAX_MANIFEST, MODEL, Package, TOKENIZER, write_example};
    use crate::{ChatMessage, ModelError, Specials};

    fn example() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_example(folder.path(), "tiny");
        folder
    }

    /// The file, what was expected and what was found.
    fn broken(result: Result<impl Sized, ModelError>) -> (String, String, String) {
        match result {
            Err(ModelError::BrokenPackage { file, expected, found, .. }) => (file, expected, found),
            Err(other) => panic!("another error: {other}"),
            Ok(_) => panic!("must be refused"),
        }
    }

    #[test]
    fn a_sound_package_gives_its_tokenizer_and_template() {
        let folder = example();
        let package = Package::open(folder.path()).unwrap();
        package.verify().unwrap();
        let tokenizer = package.tokenizer().unwrap();
        assert_eq!(tokenizer.encode("hi", Specials::Text).unwrap(), [104, 105]);
        let template = package.chat_template().unwrap().unwrap();
        let message = ChatMessage { role: "user".into(), content: "hi".into() };
        assert_eq!(template.render(&[message], true).unwrap(), "hi<|end|>");
        assert!(package.path(MODEL).unwrap().is_file());
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = example();
        fs::remove_file(folder.path().join(MODEL)).unwrap();
        assert_eq!(broken(Package::open(folder.path())).0, MODEL);
    }

    #[test]
    fn a_missing_manifest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(broken(Package::open(folder.path())).0, MANIFEST);
    }

    #[test]
    fn a_truncated_file_is_named_with_both_sizes() {
        let folder = example();
        fs::write(folder.path().join(MODEL), "gra").unwrap();
        let expected = (MODEL.to_owned(), "5 bytes".to_owned(), "3 bytes".to_owned());
        assert_eq!(broken(Package::open(folder.path())), expected);
    }

    #[test]
    fn a_changed_byte_is_found_by_verify() {
        let folder = example();
        fs::write(folder.path().join(MODEL), "grapH").unwrap();
        let package = Package::open(folder.path()).unwrap();
        assert_eq!(broken(package.verify()).0, MODEL);
    }

    #[test]
    fn a_manifest_beyond_its_limit_is_not_read() {
        let folder = example();
        let file = fs::File::create(folder.path().join(MANIFEST)).unwrap();
        file.set_len(MAX_MANIFEST + 1).unwrap();
        assert_eq!(broken(Package::open(folder.path())).1, format!("at most {MAX_MANIFEST} bytes"));
    }

    #[test]
    fn a_file_that_is_not_listed_has_no_path() {
        let folder = example();
        fs::write(folder.path().join("other"), "").unwrap();
        let package = Package::open(folder.path()).unwrap();
        assert!(package.path("other").is_err());
        assert!(package.path("../other").is_err());
    }

    #[test]
    fn a_tokenizer_with_more_ids_than_the_model_is_refused() {
        let folder = example();
        let path = folder.path().join(MANIFEST);
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("vocabulary = 49152", "vocabulary = 100").replace("[256]", "[99]");
        fs::write(&path, text).unwrap();
        assert_eq!(broken(Package::open(folder.path()).unwrap().tokenizer()).0, TOKENIZER);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_may_not_lead_out_of_the_package() {
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::write(outside.path(), "graph").unwrap();
        let folder = example();
        fs::remove_file(folder.path().join(MODEL)).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join(MODEL)).unwrap();
        assert_eq!(broken(Package::open(folder.path())).2, "a link that leads out of it");

        fs::remove_file(folder.path().join(MODEL)).unwrap();
        fs::write(folder.path().join("blob"), "graph").unwrap();
        std::os::unix::fs::symlink("blob", folder.path().join(MODEL)).unwrap();
        Package::open(folder.path()).unwrap();
    }
}
