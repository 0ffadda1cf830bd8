//! The API key of the stack on this machine.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, ensure};

use crate::keys::{is_secret, new_secret};

/// The name in whose name the key calls.
pub(crate) const NAME: &str = "development";

/// Reads the key; none where there is no file, or an empty one.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| named(path)),
    };
    // What it holds is not shown: it may be another secret.
    ensure!(
        text.is_empty() || is_secret(&text),
        "{} holds no key: expected `ondol_` and 64 hex digits; delete it and `ondol up` makes a new one, or name \
         another with --key-file",
        named(path)
    );
    Ok((!text.is_empty()).then_some(text))
}

/// Reads the key, or makes one that only this user can read.
pub(crate) fn read_or_make(path: &Path) -> anyhow::Result<String> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let context = || named(path);
    let key = new_secret()?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).with_context(context)?;
    writeln!(file, "{key}").with_context(context)?;
    Ok(key)
}

fn named(path: &Path) -> String {
    format!("the development key file {}", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn is_made_once_and_only_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/key");
        let key = read_or_make(&path).unwrap();
        assert_eq!(read_or_make(&path).unwrap(), key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn whatever_else_stands_in_the_file_is_no_key_and_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(read(&path).unwrap(), None);
        let short = format!("ondol_{}", "a".repeat(63));
        for garbage in ["hunter2", "ondol-key", &short, "two words", "<html>"] {
            fs::write(&path, garbage).unwrap();
            let refusal = read_or_make(&path).unwrap_err().to_string();
            assert!(refusal.contains("64 hex digits") && !refusal.contains(garbage), "{refusal}");
            assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read(&path).is_err());
        fs::write(&path, " \n").unwrap();
        assert!(is_secret(&read_or_make(&path).unwrap()), "an empty file is filled");
    }
}
