//! The file of API keys.

use std::{path::Path, sync::Arc};

use arguments::{Flaw, SettingsFile, from_toml};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Key, check_key_name};
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
    fn key(self) -> Result<Key, Flaw> {
        check_key_name(&self.name).map_err(|error| Flaw::new("name", error.to_string()))?;
        let scopes = self.scopes.into_iter().collect();
        let grants = Grants { scopes, models: self.models, tools: self.tools, jobs: self.jobs };
        if let Some(wrong) = grants.violations().first() {
            return Err(Flaw::new(&*wrong.field, &*wrong.description));
        }
        if let Some(wrong) = self.limits.violations().first() {
            return Err(Flaw::new(&*wrong.field, &*wrong.description).within("limits"));
        }
        let expires = self.expires.as_deref().map(time).transpose()?;
        let key = Key::new(&self.name, &self.sha256, grants);
        let mut key = key.map_err(|error| Flaw::new("sha256", error.to_string()))?;
        (key.expires, Arc::make_mut(&mut key.account).limits) = (expires, self.limits);
        Ok(key)
    }
}

fn time(text: &str) -> Result<Timestamp, Flaw> {
    text.parse().map_err(|_wrong| {
        Flaw::new("expires", format!("expected a time such as \"2027-01-31T00:00:00Z\", found {text:?}"))
    })
}

/// Reads the keys in the TOML file at `path`, at most 1 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<Key>, AccountsError> {
    let file = SettingsFile::new("--api-keys-file", path);
    let text = file.text()?;
    keys(&text).map_err(|flaw| file.wrong(flaw.found_in(&text)).into())
}

fn keys(text: &str) -> Result<Vec<Key>, Flaw> {
    let KeyFile { keys } = from_toml(text)?;
    let keys = keys.into_iter().enumerate();
    keys.map(|(at, entry)| entry.key().map_err(|flaw| flaw.within(&format!("keys[{at}]")))).collect()
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
        for (wrong, told) in [
            ("expires = \"tomorrow\"", "keys[0].expires: expected a time such as"),
            (
                "expires = 2027-01-31T00:00:00Z",
                "keys[0].expires: expected a string in quotes, found a date or time",
            ),
            ("limits.concurrency = 0", "keys[0].limits.concurrency: expected 1 to"),
            ("limits.concurrency = \"a\"", "keys[0].limits.concurrency: expected a whole number"),
            ("models = [\"a b\"]", "keys[0].models[0]: "),
        ] {
            let file = file(&format!("{key}{wrong}"));
            let error = read(file.path()).unwrap_err().to_string();
            let named = format!("--api-keys-file {}, line 4: {told}", file.path().display());
            assert!(error.starts_with(&named), "{error}");
        }
        let secret = file(&key.replace(&"ab".repeat(32), "hush"));
        let error = read(secret.path()).unwrap_err().to_string();
        assert!(error.contains(", line 3: keys[0].sha256: ") && !error.contains("hush"), "{error}");
    }

    #[test]
    fn says_what_is_wrong_without_quoting_the_file() {
        for (text, told) in [
            ("[[keys]]\nname = \"a\"\nsecret = \"hush\"\n", "line 3: keys[0].secret: unknown field"),
            ("[[keys]]\nname = \"a\"\nscopes = \"hush\"\n", "line 3: keys[0].scopes: expected a list"),
            ("[[keys]]\nname = \"a\"\n", "line 1: keys[0].sha256: is missing"),
            ("nonsense", "line 1: "),
            ("keys = 3", "line 1: keys: expected a list"),
        ] {
            let error = read(file(text).path()).unwrap_err().to_string();
            assert!(error.contains(&format!(", {told}")), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn names_a_missing_or_huge_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("keys.toml");
        assert!(read(&missing).unwrap_err().to_string().contains("keys.toml"));
        fs::write(&missing, "#".repeat(2 << 20)).unwrap();
        assert!(
            Chain(&read(&missing).unwrap_err())
                .to_string()
                .contains("keys.toml: cannot be read: larger than 1 MiB")
        );
    }
}
