//! Who calls: a bearer key, or nobody.

use std::sync::Arc;

use http::{HeaderMap, header::AUTHORIZATION};
use rpc::Principal;
use tonic::{Request, Status, service::Interceptor};

use crate::{ApiError, keys::Keys};

/// Lets a call in when its `authorization` metadata holds a known key, in the name of that key.
///
/// Health checks and reflection stay outside: load balancers have no key, and the contract is no secret.
#[derive(Clone, Debug)]
pub(crate) struct Authenticate {
    keys: Arc<Keys>,
}

impl Authenticate {
    /// A guard that knows these keys.
    pub(crate) fn new(keys: Keys) -> Self {
        Self { keys: Arc::new(keys) }
    }

    /// Whose key came; an error if none did, or one that nobody knows.
    pub(crate) fn principal(&self, headers: &HeaderMap) -> Result<Principal, ApiError> {
        let secret = bearer(headers)?;
        let name =
            self.keys.principal(secret).ok_or(ApiError::Unauthenticated("this API key is not known"))?;
        Principal::new(name).map_err(|_| ApiError::Unauthenticated("this API key has no usable name"))
    }
}

impl Interceptor for Authenticate {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let principal = self.principal(request.metadata().as_ref()).map_err(rpc::status)?;
        principal.attach(request.extensions_mut());
        Ok(request)
    }
}

fn bearer(headers: &HeaderMap) -> Result<&[u8], ApiError> {
    let expected = "send the metadata `authorization: Bearer KEY`";
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(ApiError::Unauthenticated(expected)) };
    if values.next().is_some() {
        let twice = "`authorization` came more than once: give it once, as `authorization: Bearer KEY`";
        return Err(ApiError::Unauthenticated(twice));
    }
    let (scheme, secret) = value.as_bytes().split_at_checked("Bearer ".len()).unwrap_or_default();
    if scheme.eq_ignore_ascii_case(b"Bearer ") && !secret.is_empty() {
        Ok(secret)
    } else {
        Err(ApiError::Unauthenticated(expected))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use tonic::{Code, metadata::MetadataValue};

    use super::*;
    use crate::keys::KeyArguments;

    fn call(values: &[&'static str]) -> Result<Request<()>, Status> {
        let pair = format!("laptop:{}", hex::encode(Sha256::digest("secret")));
        let keys = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap();
        let mut request = Request::new(());
        for value in values {
            request.metadata_mut().append("authorization", MetadataValue::from_static(value));
        }
        Authenticate::new(keys).call(request)
    }

    #[test]
    fn a_known_key_names_its_caller() {
        for value in ["Bearer secret", "bearer secret", "BEARER secret"] {
            let request = call(&[value]).unwrap();
            assert_eq!(request.extensions().get::<Principal>().unwrap().as_str(), "laptop");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_to_do() {
        let wrong: [&[&str]; 8] = [
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
            let status = call(values).unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{values:?}");
            assert!(!status.message().is_empty() && !status.message().contains("secret"), "{status:?}");
        }
        let twice = call(&["Bearer secret", "Bearer secret"]).unwrap_err();
        assert!(twice.message().contains("give it once"), "{twice:?}");
    }
}
