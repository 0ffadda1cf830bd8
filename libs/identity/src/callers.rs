//! Whoever a request comes from, by whatever came with it.

use std::sync::Arc;

use accounts::{Account, Keyring, bearer};
use http::{HeaderMap, header::AUTHORIZATION};

use crate::{Identities, IdentityError};

/// Knows callers by the key, or the token, that comes with a request, or else by the certificate that its connection shows.
/// A clone is the same.
#[derive(Clone)]
pub struct Callers {
    keyring: Keyring,
    identities: Identities,
}

/// Whether what came as a bearer looks like a token, and not like a key: three parts, the first of which is JSON in Base64.
pub fn is_token(bearer: &[u8]) -> bool {
    bearer.first() == Some(&b'e') && bearer.split(|byte| *byte == b'.').count() == 3
}

impl Callers {
    /// Those whose keys are on this ring, and those who are known by these identities.
    pub fn new(keyring: Keyring, identities: Identities) -> Self {
        Self { keyring, identities }
    }

    /// Those whose keys are on this ring, and nobody else.
    pub fn of_keys(keyring: Keyring) -> Self {
        Self::new(keyring, Identities::none())
    }

    /// Who calls with these headers, over a connection whose certificate bears these names. What is sent with a call counts
    /// before what its connection shows, and a credential that opens nothing is never passed over for another.
    ///
    /// An error of kind `Unauthenticated` if nothing came that tells, or something that opens nothing; of kind `Unavailable`
    /// if that cannot be known at the moment.
    pub async fn caller(
        &self,
        headers: &HeaderMap,
        certificate: Option<&[String]>,
    ) -> Result<Arc<Account>, IdentityError> {
        if !headers.contains_key(AUTHORIZATION)
            && let Some(names) = self.asked_for(certificate)
        {
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
        certificate: Option<&[String]>,
    ) -> Result<Option<Arc<Account>>, IdentityError> {
        if headers.contains_key(AUTHORIZATION) {
            return self.caller(headers, certificate).await.map(Some);
        }
        let names = self.asked_for(certificate);
        Ok(names.and_then(|names| self.identities.of_certificate(names).ok()))
    }

    /// The names in the caller's certificate, if anybody is known by such.
    fn asked_for<'a>(&self, certificate: Option<&'a [String]>) -> Option<&'a [String]> {
        certificate.filter(|_| self.identities.have_certificates())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use accounts::{Clock, KeyArguments, Keyring, Keys, Secret};
    use fault::{Fault, Kind};
    use http::{HeaderMap, header::AUTHORIZATION};

    use super::Callers;
    use crate::{Identities, IdentityArguments, Metrics};

    /// A caller with a key, `laptop`, and one with a certificate, `team-a`.
    fn callers() -> (Callers, Secret) {
        let secret = Secret::new().unwrap();
        let pair = format!("laptop:{}", secret.sha256());
        let keys = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[[certificates]]\nsan = \"spiffe://c/a\"\nname = \"team-a\"\n").unwrap();
        let arguments = IdentityArguments { identities_file: Some(file.path().to_owned()) };
        let identities = Identities::load(&arguments, Metrics::default(), Clock::default()).unwrap();
        (Callers::new(Keyring::of_file(keys), identities), secret)
    }

    fn sent(value: &str) -> HeaderMap {
        [(AUTHORIZATION, value.parse().unwrap())].into_iter().collect()
    }

    #[tokio::test]
    async fn what_is_sent_counts_before_what_the_connection_shows() {
        let (callers, secret) = callers();
        let names = ["spiffe://c/a".to_owned()];
        let key = sent(&format!("Bearer {}", secret.as_str()));
        assert_eq!(callers.caller(&key, Some(&names)).await.unwrap().name, "laptop");
        assert_eq!(callers.caller(&HeaderMap::new(), Some(&names)).await.unwrap().name, "team-a");
        for value in ["Bearer other", "", "Basic eDp5", "Bearer eyJ.eyJ.x"] {
            let refused = callers.caller(&sent(value), Some(&names)).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::Unauthenticated, "{value}");
            let refused = callers.anybody(&sent(value), Some(&names)).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::Unauthenticated, "{value}");
        }
    }

    #[tokio::test]
    async fn who_sends_nothing_is_nobody_where_nobody_has_to_say_who_calls() {
        let (callers, _) = callers();
        let none = HeaderMap::new();
        let stranger = ["spiffe://c/b".to_owned()];
        for certificate in [None, Some(&[][..]), Some(&stranger[..])] {
            assert_eq!(callers.anybody(&none, certificate).await.unwrap(), None);
            let refused = callers.caller(&none, certificate).await.unwrap_err();
            assert_eq!((refused.kind(), refused.reason()), (Kind::Unauthenticated, "UNAUTHENTICATED"));
            assert!(refused.public_message().contains("authorization: Bearer KEY"), "{refused}");
        }
    }
}
