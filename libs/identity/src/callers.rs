//! Everybody who may call, whatever vouches for them.

use std::sync::Arc;

use accounts::{Account, Keyring, bearer};
use http::{HeaderMap, header::AUTHORIZATION};

use crate::{Identities, IdentityError, is_token};

/// Those who are known by a key, by a token or by a certificate. A clone is the same.
#[derive(Clone)]
pub struct Callers {
    keyring: Keyring,
    identities: Identities,
}

impl Callers {
    /// Those of this ring, and of these identities.
    pub fn new(keyring: Keyring, identities: Identities) -> Self {
        Self { keyring, identities }
    }

    /// Whoever holds a key of this ring, and nobody else.
    pub fn of_keys(keyring: Keyring) -> Self {
        Self::new(keyring, Identities::none())
    }

    /// Who calls, by the headers of a call, or else by the `names` in the certificate of its connection: what is sent with a call
    /// counts before what its connection shows, and a wrong bearer is never made good by a certificate. An error of kind
    /// `Unauthenticated` if nothing came that opens anything, of kind `Unavailable` if that cannot be known at the moment.
    pub async fn account(
        &self,
        headers: &HeaderMap,
        names: Option<&[String]>,
    ) -> Result<Arc<Account>, IdentityError> {
        let names = names.filter(|_| self.identities.have_certificates());
        if let (Some(names), false) = (names, headers.contains_key(AUTHORIZATION)) {
            return self.identities.of_certificate(names);
        }
        if self.identities.have_issuers() {
            let bearer = bearer(headers)?;
            if is_token(bearer) {
                return self.identities.of_token(bearer).await;
            }
        }
        Ok(self.keyring.authenticate(headers).await?)
    }

    /// The same where nobody has to say who calls: whoever sends nothing, and is not known by a certificate, is nobody.
    pub async fn anybody(
        &self,
        headers: &HeaderMap,
        names: Option<&[String]>,
    ) -> Result<Option<Arc<Account>>, IdentityError> {
        if headers.contains_key(AUTHORIZATION) {
            return self.account(headers, names).await.map(Some);
        }
        let names = names.filter(|_| self.identities.have_certificates());
        Ok(names.and_then(|names| self.identities.of_certificate(names).ok()))
    }
}
