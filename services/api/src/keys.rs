//! API keys: who may call, known only by the hashes of their secrets.

mod file;

use std::path::PathBuf;

use clap::Args;
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::ApiError;

/// Where the keys come from.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArguments {
    /// A TOML file with one `[[keys]]` table per key: `name`, and `sha256` of the secret in hex.
    #[arg(long, env = "ONDOL_API_KEYS_FILE", value_name = "FILE")]
    pub api_keys_file: Option<PathBuf>,
    /// A key as `NAME:SHA256`, repeatable; in the environment separated by commas. `ondol keys new` makes one.
    #[arg(long = "api-key", env = "ONDOL_API_KEYS", value_name = "NAME:SHA256", value_delimiter = ',')]
    pub api_keys: Vec<String>,
}

/// The keys that open the door.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

/// One key. Names are unique, digests too.
#[derive(Debug)]
struct Key {
    name: String,
    digest: [u8; 32],
}

impl Keys {
    /// Reads every key that `arguments` name. No key at all is an error: nobody could call, and an open door must
    /// never be an accident.
    pub(crate) fn load(arguments: &KeyArguments) -> Result<Self, ApiError> {
        let mut keys = match &arguments.api_keys_file {
            Some(path) => file::read(path)?,
            None => Vec::new(),
        };
        for pair in &arguments.api_keys {
            let (name, digest) = pair.rsplit_once(':').ok_or_else(|| {
                ApiError::Key("an --api-key must be NAME:SHA256; `ondol keys new` makes one".into())
            })?;
            keys.push(Key::new(name, digest)?);
        }
        Self::distinct(keys)
    }

    fn distinct(keys: Vec<Key>) -> Result<Self, ApiError> {
        if keys.is_empty() {
            let hint =
                "no API key is configured; give --api-keys-file or --api-key (`ondol keys new` makes one)";
            return Err(ApiError::Key(hint.into()));
        }
        for (index, key) in keys.iter().enumerate() {
            let twin =
                keys[..index].iter().find(|other| other.name == key.name || other.digest == key.digest);
            if let Some(twin) = twin {
                let message = format!("keys {:?} and {:?} share a name or a secret", twin.name, key.name);
                return Err(ApiError::Key(message));
            }
        }
        Ok(Self { keys })
    }

    /// Whose secret this is. Takes the same time for every secret of a length, known or not: the whole list is
    /// always walked, and digests are compared without an early exit.
    pub(crate) fn principal(&self, secret: &[u8]) -> Option<&str> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        let mut found = u32::MAX;
        for (index, key) in (0u32..).zip(&self.keys) {
            found.conditional_assign(&index, key.digest.ct_eq(&digest));
        }
        self.keys.get(found as usize).map(|key| key.name.as_str())
    }
}

impl Keys {
    /// A secret of this set of keys for one purpose: every replica that knows the same keys has the same one.
    pub(crate) fn secret_for(&self, purpose: &str) -> [u8; 32] {
        let mut digests: Vec<_> = self.keys.iter().map(|key| key.digest).collect();
        digests.sort_unstable();
        let mut hash = Sha256::new_with_prefix(purpose);
        for digest in digests {
            hash.update(digest);
        }
        hash.finalize().into()
    }
}

impl Key {
    fn new(name: &str, digest: &str) -> Result<Self, ApiError> {
        check_key_name(name)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest.trim(), &mut bytes).map_err(|_| {
            ApiError::Key(format!(
                "the sha256 of key {name:?} must be 64 hex digits: the hash, not the secret"
            ))
        })?;
        Ok(Self { name: name.into(), digest: bytes })
    }
}

/// Checks the name of a key, for whoever makes keys: 1 to 63 ASCII letters, digits, `.`, `_` or `-`, and no dot at the
/// start. It stands in keys of object storage, and uploads could not be kept under another.
pub fn check_key_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if (1..=63).contains(&name.len()) && !name.starts_with('.') && name.chars().all(allowed) {
        return Ok(());
    }
    let rule = "a key's name must be 1 to 63 letters, digits, `.`, `_` or `-`, not beginning with a dot";
    Err(ApiError::Key(format!("{rule}, but is {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[&str]) -> Result<Keys, ApiError> {
        let api_keys = pairs.iter().map(ToString::to_string).collect();
        Keys::load(&KeyArguments { api_keys_file: None, api_keys })
    }

    fn pair(name: &str, secret: &str) -> String {
        format!("{name}:{}", hex::encode(Sha256::digest(secret)))
    }

    #[test]
    fn knows_each_key_by_its_secret() {
        let keys = load(&[&pair("laptop", "one"), &pair("ci", "two")]).unwrap();
        assert_eq!(keys.principal(b"one"), Some("laptop"));
        assert_eq!(keys.principal(b"two"), Some("ci"));
        for stranger in [&b"three"[..], b"", b"one ", &[0xff; 4096]] {
            assert_eq!(keys.principal(stranger), None);
        }
    }

    #[test]
    fn a_secret_follows_the_keys_and_the_purpose_but_not_their_order() {
        let secret = |pairs: &[&str], purpose| load(pairs).unwrap().secret_for(purpose);
        let (one, two) = (pair("a", "one"), pair("b", "two"));
        let first = secret(&[&one, &two], "pages");
        assert_eq!(first, secret(&[&two, &one], "pages"));
        assert_ne!(first, secret(&[&one], "pages"));
        assert_ne!(first, secret(&[&one, &two], "else"));
    }

    #[test]
    fn refuses_an_open_door() {
        assert!(load(&[]).unwrap_err().to_string().contains("ondol keys new"));
    }

    #[test]
    fn refuses_a_secret_where_a_hash_belongs_and_does_not_print_it() {
        let error = load(&["laptop:ondol_my-real-secret"]).unwrap_err().to_string();
        assert!(error.contains("64 hex digits") && !error.contains("my-real-secret"), "{error}");
    }

    #[test]
    fn refuses_twins_and_odd_names() {
        assert!(load(&[&pair("a", "one"), &pair("a", "two")]).is_err());
        assert!(load(&[&pair("a", "one"), &pair("b", "one")]).is_err());
        for odd in ["", "a b", ".", "..", ".hidden", "a/b", &"a".repeat(64)] {
            assert!(load(&[&pair(odd, "one")]).is_err(), "{odd:?}");
        }
        assert!(load(&[&pair("a.b", "one")]).is_ok());
        assert!(load(&["no-colon"]).is_err());
    }
}
