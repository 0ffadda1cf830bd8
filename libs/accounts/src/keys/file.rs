//! The file of API keys.

use std::{path::Path, sync::Arc};

use arguments::{text_of, toml_problem};
use fault::Violation;
use jiff::Timestamp;
use serde::Deserialize;

use super::Key;
use crate::{AccountsError, Grants, Limits};

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
    models: Option<Vec<String>>,
    tools: Option<Vec<String>>,
    jobs: Option<Vec<String>>,
    /// In TOML a string, such as `2027-01-31T00:00:00Z`.
    expires: Option<String>,
    #[serde(default)]
    limits: Limits,
}

impl Entry {
    fn key(self) -> Result<Key, AccountsError> {
        let scopes = self.scopes.into_iter().collect();
        let grants = Grants { scopes, models: self.models, tools: self.tools, jobs: self.jobs };
        let mut wrong = grants.violations();
        wrong.extend(self.limits.violations());
        let expires = self.expires.map(|text| text.parse::<Timestamp>().map_err(|_wrong| text)).transpose();
        let expires = expires.unwrap_or_else(|text| {
            let said = format!("expected a time such as \"2027-01-31T00:00:00Z\", got {text:?}");
            wrong.push(Violation::new("expires", said));
            None
        });
        if let Some(wrong) = wrong.first() {
            return Err(AccountsError::Key(format!("key {:?}: {wrong}", self.name)));
        }
        let mut key = Key::new(&self.name, &self.sha256, grants)?;
        (key.expires, Arc::make_mut(&mut key.account).limits) = (expires, self.limits);
        Ok(key)
    }
}

/// Reads the keys in the TOML file at `path`, at most 1 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<Key>, AccountsError> {
    let shown = path.display();
    let failed =
        |error: std::io::Error| AccountsError::KeyFile { path: path.into(), source: Arc::new(error) };
    let text = text_of(path).map_err(failed)?;
    let file: KeyFile = toml::from_str(&text).map_err(|error| {
        let problem = toml_problem(&text, error.span(), error.message());
        AccountsError::Key(format!("{shown} is not a key file: {problem}"))
    })?;
    let keys = file.keys.into_iter().map(|entry| {
        entry.key().map_err(|wrong| match wrong {
            AccountsError::Key(problem) => AccountsError::Key(format!("{shown}: {problem}")),
            other => other,
        })
    });
    keys.collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use fault::Chain;

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
    fn a_key_can_have_models_limits_and_an_end() {
        let key = format!("[[keys]]\nname = \"a\"\nsha256 = \"{}\"\n", "ab".repeat(32));
        let more =
            "models = [\"qwen*\"]\nexpires = \"2027-01-31T00:00:00Z\"\nlimits.requests_per_minute = 5\n";
        let keys = read(file(&format!("{key}{more}")).path()).unwrap();
        assert_eq!(keys[0].account.limits.requests_per_minute, Some(5));
        assert!(!keys[0].account.grants.may_use("llama"));
        assert_eq!(keys[0].expires.unwrap().as_second(), 1_801_353_600);
        for (wrong, named) in [
            ("expires = \"tomorrow\"", "expires"),
            ("limits.concurrency = 0", "concurrency"),
            ("models = [\"a b\"]", "models[0]"),
        ] {
            let error = read(file(&format!("{key}{wrong}")).path()).unwrap_err().to_string();
            assert!(error.contains(&format!(": key \"a\": {named}: ")), "{error}");
        }
    }

    #[test]
    fn says_what_is_wrong_without_quoting_the_file() {
        for (text, line) in [
            ("[[keys]]\nname = \"a\"\nsecret = \"hush\"\n", 3),
            ("[[keys]]\nname = \"a\"\nscopes = \"hush\"\n", 3),
            ("nonsense", 1),
            ("keys = 3", 1),
        ] {
            let error = read(file(text).path()).unwrap_err().to_string();
            assert!(error.contains(&format!("is not a key file: line {line}: ")), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn names_a_missing_or_huge_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("keys.toml");
        assert!(read(&missing).unwrap_err().to_string().contains("keys.toml"));
        fs::write(&missing, "#".repeat(2 << 20)).unwrap();
        assert!(Chain(&read(&missing).unwrap_err()).to_string().contains("keys.toml: larger than 1 MiB"));
    }
}
