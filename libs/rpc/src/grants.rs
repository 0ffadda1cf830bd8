//! What the caller's key allows, beyond being a caller.

use std::fmt;

use http::{HeaderName, HeaderValue};

use crate::RpcError;

/// The metadata key in which services tell each other the grants.
pub const GRANTS_HEADER: HeaderName = HeaderName::from_static("x-ondol-grants");

const MAX_LENGTH: usize = 8192;

/// What the caller's key allows, found in a request's extensions beside its [`Principal`](crate::Principal). The words
/// are those of whoever read the key; this only carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants(HeaderValue);

impl Grants {
    /// Carries these words: at most 8 KiB of printable ASCII, since they travel as metadata.
    pub fn new(words: &str) -> Result<Self, RpcError> {
        HeaderValue::from_str(words).ok().and_then(Self::accept).ok_or(RpcError::MalformedGrants)
    }

    pub(crate) fn accept(value: HeaderValue) -> Option<Self> {
        let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        let valid = value.len() <= MAX_LENGTH && value.as_bytes().iter().all(printable);
        valid.then_some(Self(value))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The words as the value of [`GRANTS_HEADER`].
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Grants;

    #[test]
    fn only_what_can_travel_is_carried() {
        assert_eq!(Grants::new("scopes=a,b;tools=s3_*").unwrap().as_str(), "scopes=a,b;tools=s3_*");
        for wrong in ["a\nb", "é", "a\tb", &"x".repeat(8193)] {
            assert!(Grants::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
