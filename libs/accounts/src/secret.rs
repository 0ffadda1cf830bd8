//! Secrets of keys: made here, and known by their hashes only.

use sha2::{Digest as _, Sha256};

use crate::AccountsError;

/// What secret scanners find keys by.
const PREFIX: &str = "ondol_";
/// 256 bits: nobody guesses one, so a plain hash is enough to keep it by.
const BYTES: usize = 32;
/// Digits that are shown of a secret, so that people can tell their keys apart.
const SHOWN: usize = 4;

pub(crate) const UNKNOWN: &str = "this API key is not known";
pub(crate) const EXPIRED: &str = "this API key has expired; ask for a new one";
pub(crate) const REVOKED: &str = "this API key was revoked; ask for a new one";

/// The SHA-256 of a secret.
pub(crate) type Digest = [u8; 32];

/// A secret that was just made. Only whoever made it ever sees it; `Debug` does not show it.
pub struct Secret(String);

impl Secret {
    /// A new one: 256 random bits from the system, in hex behind `ondol_`.
    pub fn new() -> Result<Self, AccountsError> {
        let mut bytes = [0; BYTES];
        rand::TryRngCore::try_fill_bytes(&mut rand::rngs::OsRng, &mut bytes)
            .map_err(|error| AccountsError::Random(error.to_string()))?;
        Ok(Self(format!("{PREFIX}{}", hex::encode(bytes))))
    }

    /// The secret itself, to be shown once.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its SHA-256 in hex, as key files hold it.
    pub fn sha256(&self) -> String {
        hex::encode(self.digest())
    }

    pub(crate) fn digest(&self) -> Digest {
        digest(self.0.as_bytes())
    }

    /// How it begins, such as `ondol_3f9a…`: enough to tell keys apart, and nothing that helps to guess one.
    pub(crate) fn hint(&self) -> String {
        format!("{}…", &self.0[..PREFIX.len() + SHOWN])
    }

    /// Whether the text looks like a secret of ours.
    pub fn is_one(text: &[u8]) -> bool {
        let digits = text.strip_prefix(PREFIX.as_bytes()).unwrap_or_default();
        digits.len() == 2 * BYTES && digits.iter().all(u8::is_ascii_hexdigit)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Secret").field(&self.hint()).finish()
    }
}

pub(crate) fn digest(secret: &[u8]) -> Digest {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn secrets_are_long_differ_and_do_not_show() {
        let (one, other) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert!(Secret::is_one(one.as_str().as_bytes()));
        assert_ne!(one.as_str(), other.as_str());
        let shown = format!("{one:?}");
        assert!(shown.contains(&one.hint()) && !shown.contains(one.as_str()), "{shown}");
        assert_eq!(one.hint().chars().count(), "ondol_abcd…".chars().count());
    }

    #[test]
    fn other_texts_are_no_secrets() {
        let digits = "a".repeat(64);
        for text in ["", "ondol_", &digits, &format!("ondol_{digits}0"), &format!("ondol_{}g", &digits[1..])]
        {
            assert!(!Secret::is_one(text.as_bytes()), "{text}");
        }
    }
}
