//! The secret in a request's headers.

use http::{HeaderMap, header::AUTHORIZATION};

use crate::AccountsError;

/// The key, or the token, that came as `authorization: Bearer KEY`, once.
pub fn bearer(headers: &HeaderMap) -> Result<&[u8], AccountsError> {
    let expected = "send the metadata `authorization: Bearer KEY`";
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(AccountsError::Unauthenticated(expected)) };
    if values.next().is_some() {
        let twice = "`authorization` came more than once: give it once, as `authorization: Bearer KEY`";
        return Err(AccountsError::Unauthenticated(twice));
    }
    let (scheme, secret) = value.as_bytes().split_at_checked("Bearer ".len()).unwrap_or_default();
    if scheme.eq_ignore_ascii_case(b"Bearer ") && !secret.is_empty() {
        Ok(secret)
    } else {
        Err(AccountsError::Unauthenticated(expected))
    }
}
