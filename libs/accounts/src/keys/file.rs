//! The file of API keys.

use std::{fs, io::Read, path::Path};

use serde::Deserialize;

use super::Key;
use crate::{AccountsError, Grants};

const LARGEST: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    #[serde(default)]
    scopes: Vec<String>,
    tools: Option<Vec<String>>,
    jobs: Option<Vec<String>>,
}

impl Entry {
    fn key(&self) -> Result<Key, AccountsError> {
        let grants = Grants::new(&self.scopes, self.tools.as_deref(), self.jobs.as_deref())?;
        Key::new(&self.name, &self.sha256, grants)
    }
}

/// Reads the keys in the TOML file at `path`, at most 1 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<Key>, AccountsError> {
    let shown = path.display();
    let failed = |error| AccountsError::KeyFile { path: path.into(), source: error };
    let mut text = String::new();
    fs::File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(AccountsError::Key(format!("{shown} is larger than 1 MiB")));
    }
    let file: KeyFile = toml::from_str(&text)
        .map_err(|error| AccountsError::Key(format!("{shown} is not a key file: {}", error.message())))?;
    file.keys.iter().map(Entry::key).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::read;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn reads_every_key() {
        let digest = "ab".repeat(32);
        let more = "scopes = [\"shopping\"]\ntools = [\"s3_*\"]\njobs = [\"call_tool\"]\n";
        let text = format!("[[keys]]\nname = \"laptop\"\nsha256 = \"{digest}\"\n");
        let file = file(&format!("{text}{more}{}", text.replace("laptop", "ci")));
        let keys = read(file.path()).unwrap();
        assert_eq!((keys[0].name(), keys[1].name()), ("laptop", "ci"));
        assert_eq!(keys[0].digest, [0xab; 32]);
        assert_eq!(keys[0].account.grants.to_line(), "scopes=shopping;tools=s3_*;jobs=call_tool");
        assert_eq!(keys[1].account.grants.to_line(), "scopes=");
    }

    #[test]
    fn says_what_is_wrong_without_quoting_the_file() {
        for text in ["[[keys]]\nname = \"a\"\nsecret = \"hush\"\n", "nonsense", "keys = 3"] {
            let error = read(file(text).path()).unwrap_err().to_string();
            assert!(error.contains("is not a key file") && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn names_a_missing_or_huge_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("keys.toml");
        assert!(read(&missing).unwrap_err().to_string().contains("keys.toml"));
        fs::write(&missing, "#".repeat(2 << 20)).unwrap();
        assert!(read(&missing).unwrap_err().to_string().contains("1 MiB"));
    }
}
