//! Who calls: a bearer key, or nobody.

use std::sync::Arc;

use accounts::{AccountsError, Keys};
use http::HeaderMap;
use rpc::{Grants, Principal};
use tonic::{Request, Status, service::Interceptor};

use crate::ApiError;

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

    /// Whose key came, and what it allows; an error if none did, or one that nobody knows.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<(Principal, Grants), ApiError> {
        let account = self.keys.authenticate(headers)?;
        let unusable = |_| AccountsError::Unauthenticated("this API key has no usable name or grants");
        let principal = Principal::new(&account.name).map_err(unusable)?;
        Ok((principal, Grants::new(&account.grants.to_line()).map_err(unusable)?))
    }
}

impl Interceptor for Authenticate {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let (principal, grants) = self.caller(request.metadata().as_ref()).map_err(rpc::status)?;
        principal.attach(request.extensions_mut());
        request.extensions_mut().insert(grants);
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use accounts::KeyArguments;
    use sha2::{Digest, Sha256};
    use tonic::Code;

    use super::*;

    fn call(value: &'static str) -> Result<Request<()>, Status> {
        let pair = format!("laptop:{}", hex::encode(Sha256::digest("secret")));
        let keys = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap();
        let mut request = Request::new(());
        request.metadata_mut().append("authorization", value.parse().unwrap());
        Authenticate::new(keys).call(request)
    }

    #[test]
    fn a_known_key_names_its_caller_and_what_it_allows() {
        let request = call("Bearer secret").unwrap();
        assert_eq!(request.extensions().get::<Principal>().unwrap().as_str(), "laptop");
        assert_eq!(request.extensions().get::<Grants>().unwrap().as_str(), "scopes=");
    }

    #[test]
    fn everything_else_is_refused() {
        assert_eq!(call("Bearer other").unwrap_err().code(), Code::Unauthenticated);
    }
}
