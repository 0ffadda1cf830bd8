//! API keys: who may call, known only by the hashes of their secrets.

mod file;

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::{
    Account, AccountsError, Grants, Limits,
    secret::{self, Digest},
};

/// Where the keys come from.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArguments {
    /// A TOML file with one `[[keys]]` table per key: `name`, `sha256` of the secret in hex, and as needed `scopes`,
    /// `models`, `tools`, `jobs`, `expires` and a table `limits`.
    #[arg(long, env = "ONDOL_API_KEYS_FILE", value_name = "FILE")]
    pub api_keys_file: Option<PathBuf>,
    /// A key as `NAME:SHA256`, or `NAME:SHA256:SCOPE+SCOPE` with scopes, repeatable; in the environment separated by commas.
    /// `ondol keys new` makes one.
    #[arg(long = "api-key", env = "ONDOL_API_KEYS", value_name = "NAME:SHA256", value_delimiter = ',')]
    pub api_keys: Vec<String>,
}

/// The keys that open the door.
#[derive(Debug)]
pub struct Keys {
    keys: Vec<Key>,
}

/// One key. Names are unique, digests too.
#[derive(Debug)]
struct Key {
    account: Arc<Account>,
    digest: Digest,
    expires: Option<Timestamp>,
}

impl Keys {
    /// Reads every key that `arguments` name. No key at all is an error: nobody could call, and an open door must
    /// never be an accident.
    pub fn load(arguments: &KeyArguments) -> Result<Self, AccountsError> {
        let mut keys = match &arguments.api_keys_file {
            Some(path) => file::read(path)?,
            None => Vec::new(),
        };
        for pair in &arguments.api_keys {
            let (name, rest) = pair.split_once(':').ok_or_else(|| {
                AccountsError::Key("an --api-key must be NAME:SHA256; `ondol keys new` makes one".into())
            })?;
            let (digest, scopes) = rest.split_once(':').unwrap_or((rest, ""));
            let scopes = scopes.split('+').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
            let grants = Grants { scopes, ..Grants::default() };
            if let Some(wrong) = grants.violations().first() {
                return Err(AccountsError::Key(format!("the --api-key of {name:?}: {wrong}")));
            }
            let key = Key::new(name, digest, grants);
            keys.push(key.map_err(|error| AccountsError::Key(format!("--api-key: {error}")))?);
        }
        Self::distinct(keys)
    }

    /// The same where callers may be known otherwise, by keys of a store, tokens or certificates: none at all is no error
    /// then.
    pub fn load_beside_a_store(arguments: &KeyArguments) -> Result<Self, AccountsError> {
        let none = arguments.api_keys_file.is_none() && arguments.api_keys.is_empty();
        if none { Ok(Self { keys: Vec::new() }) } else { Self::load(arguments) }
    }

    fn distinct(keys: Vec<Key>) -> Result<Self, AccountsError> {
        if keys.is_empty() {
            let hint =
                "no API key is configured; give --api-keys-file or --api-key (`ondol keys new` makes one)";
            return Err(AccountsError::Key(hint.into()));
        }
        for (index, key) in keys.iter().enumerate() {
            let twin =
                keys[..index].iter().find(|other| other.name() == key.name() || other.digest == key.digest);
            if let Some(twin) = twin {
                return Err(twins(twin.name(), key.name()));
            }
        }
        Ok(Self { keys })
    }

    /// Whose secret has this digest, if it has not expired. Takes the same time for every digest, known or not: the whole
    /// list is always walked, and digests are compared without an early exit.
    pub(crate) fn find(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<&Arc<Account>>, AccountsError> {
        let mut found = u32::MAX;
        for (index, key) in (0u32..).zip(&self.keys) {
            found.conditional_assign(&index, key.digest.ct_eq(digest));
        }
        let Some(key) = self.keys.get(found as usize) else { return Ok(None) };
        if key.expires.is_some_and(|expires| expires <= now) {
            return Err(AccountsError::Unauthenticated(secret::EXPIRED));
        }
        Ok(Some(&key.account))
    }
}

impl Keys {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The name of a key that has limits, if one does: for a door that does not hold them.
    pub fn limited(&self) -> Option<&str> {
        let limited = self.keys.iter().find(|key| !key.account.limits.is_empty());
        limited.map(Key::name)
    }

    /// A secret of this set of keys for one purpose: every replica that knows the same keys has the same one.
    pub fn secret_for(&self, purpose: &str) -> [u8; 32] {
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
    fn new(name: &str, digest: &str, grants: Grants) -> Result<Self, AccountsError> {
        check_key_name(name)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest.trim(), &mut bytes).map_err(|_| {
            AccountsError::Key(format!(
                "the sha256 of key {name:?} must be 64 hex digits: the hash, not the secret"
            ))
        })?;
        // Stored keys have other ids, in which there is no colon.
        let id = format!("file:{name}");
        let account = Account { id, name: name.into(), grants, limits: Limits::default() };
        Ok(Self { account: Arc::new(account), digest: bytes, expires: None })
    }

    fn name(&self) -> &str {
        &self.account.name
    }
}

/// Of two keys with one name or one secret nobody could say who calls.
fn twins(one: &str, other: &str) -> AccountsError {
    AccountsError::Key(if one == other {
        format!("two API keys are called {one:?}: give each a name of its own")
    } else {
        format!("the API keys {one:?} and {other:?} have the same secret: `ondol keys new` makes another")
    })
}

/// Checks the name of a key, for whoever makes keys: 1 to 63 ASCII letters, digits, `.`, `_` or `-`, and no dot at the
/// start. It stands in keys of object storage, and uploads could not be kept under another.
pub fn check_key_name(name: &str) -> Result<(), AccountsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if (1..=63).contains(&name.len()) && !name.starts_with('.') && name.chars().all(allowed) {
        return Ok(());
    }
    let rule = "a key's name must be 1 to 63 letters, digits, `.`, `_` or `-`, not beginning with a dot";
    Err(AccountsError::Key(format!("{rule}, but is {name:?}")))
}

#[cfg(test)]
mod tests {
    use fault::{Fault, Kind};
    use http::HeaderMap;

    use super::*;
    use crate::Keyring;

    fn load(pairs: &[&str]) -> Result<Keys, AccountsError> {
        let api_keys = pairs.iter().map(ToString::to_string).collect();
        Keys::load(&KeyArguments { api_keys_file: None, api_keys })
    }

    fn pair(name: &str, secret: &str) -> String {
        format!("{name}:{}", hex::encode(Sha256::digest(secret)))
    }

    #[test]
    fn knows_each_key_by_its_secret() {
        let keys = load(&[&pair("laptop", "one"), &pair("ci", "two")]).unwrap();
        let name = |secret: &[u8]| {
            let found = keys.find(&secret::digest(secret), Timestamp::UNIX_EPOCH).unwrap();
            found.map(|account| account.name.as_str())
        };
        assert_eq!(name(b"one"), Some("laptop"));
        assert_eq!(name(b"two"), Some("ci"));
        for stranger in [&b"three"[..], b"", b"one ", &[0xff; 4096]] {
            assert_eq!(name(stranger), None);
        }
    }

    #[test]
    fn a_key_can_have_scopes() {
        let keys = load(&[&format!("{}:admin+shopping", pair("laptop", "one"))]).unwrap();
        let found = keys.find(&secret::digest(b"one"), Timestamp::UNIX_EPOCH).unwrap().unwrap();
        assert_eq!(found.grants.to_line(), "scopes=admin,shopping");
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
        assert!(error.starts_with("--api-key: ") && error.contains("64 hex digits"), "{error}");
        assert!(!error.contains("my-real-secret"), "{error}");
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
        assert!(load(&[&format!("{}:two words", pair("a", "one"))]).is_err());
    }

    fn sent(values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| (http::header::AUTHORIZATION, value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        values.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    fn door() -> Keyring {
        Keyring::of_file(load(&[&pair("laptop", "secret")]).unwrap())
    }

    #[tokio::test]
    async fn a_known_key_names_its_caller() {
        for value in ["Bearer secret", "bearer secret", "BEARER secret"] {
            assert_eq!(door().authenticate(&sent(&[value])).await.unwrap().name, "laptop");
        }
    }

    #[tokio::test]
    async fn everything_else_is_refused_with_what_to_do() {
        let wrong: [&[&'static str]; 8] = [
            &[],
            &[""],
            &["secret"],
            &["Basic secret"],
            &["Bearer "],
            &["Bearer other"],
            &["Bearer secret "],
            &["Bearer secret", "Bearer secret"],
        ];
        for values in wrong {
            let error = door().authenticate(&sent(values)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unauthenticated, "{values:?}");
            let message = error.public_message();
            assert!(!message.is_empty() && !message.contains("secret"), "{message}");
        }
        let twice = door().authenticate(&sent(&["Bearer secret", "Bearer secret"])).await.unwrap_err();
        assert!(twice.public_message().contains("give it once"), "{twice}");
    }
}
