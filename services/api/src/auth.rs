//! Who calls: whoever a bearer key, a bearer token or a certificate stands for, or nobody.

use std::{
    convert::Infallible,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use accounts::{Account, AccountsError, Keyring};
use http::{Extensions, HeaderMap, HeaderValue, header::AUTHORIZATION};
use identity::{Callers, Identities};
use rpc::{Grants, PeerNames, Principal};
use tonic::{body::Body, server::NamedService};
use tower::Service;

use crate::ApiError;

/// Lets a call in when its `authorization` metadata holds a known key or the token of a known issuer, or else when it
/// comes with the certificate of a known caller, in that name.
///
/// Health checks and reflection stay outside: load balancers have no key, and the contract is no secret.
#[derive(Clone)]
pub(crate) struct Authenticate(Callers);

/// Whose key, token or certificate came.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    grants: Grants,
    account: Arc<Account>,
    /// What was sent to show it.
    credential: Option<Credential>,
}

/// What came as `authorization`, in the extensions of a call whose caller was found by it.
#[derive(Clone)]
pub(crate) struct Credential(pub(crate) HeaderValue);

impl Caller {
    fn new(account: Arc<Account>) -> Result<Self, ApiError> {
        let unusable = |_| AccountsError::Unauthenticated("this caller has no usable name or grants");
        let principal = Principal::new(&account.name).map_err(unusable)?;
        let grants = Grants::new(&account.grants.to_line()).map_err(unusable)?;
        Ok(Self { principal, grants, account, credential: None })
    }

    /// The caller who was found by what these headers hold.
    fn shown(account: Arc<Account>, headers: &HeaderMap) -> Result<Self, ApiError> {
        let credential = headers.get(AUTHORIZATION).cloned().map(Credential);
        Ok(Self { credential, ..Self::new(account)? })
    }

    /// Puts the caller where handlers look for it: the principal, the grants as they travel, and the account itself.
    pub(crate) fn attach(self, extensions: &mut Extensions) {
        self.principal.attach(extensions);
        extensions.insert(self.grants);
        extensions.insert(self.account);
        if let Some(credential) = self.credential {
            extensions.insert(credential);
        }
    }
}

impl Authenticate {
    /// A guard that knows the keys of this ring, and these identities.
    pub(crate) fn new(keyring: Keyring, identities: Identities) -> Self {
        Self(Callers::new(keyring, identities))
    }

    /// Who calls, and what that allows; an error if nothing came that tells, or something that opens nothing.
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Caller, ApiError> {
        Caller::shown(self.0.caller(headers, names(extensions)).await?, headers)
    }

    /// The same where nobody has to say who calls: whoever sends nothing, and is not known by a certificate, is nobody.
    pub(crate) async fn anybody(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Option<Caller>, ApiError> {
        self.0.anybody(headers, names(extensions)).await?.map(Caller::new).transpose()
    }

    /// A generated server that only callers with a key reach.
    pub(crate) fn guard<S>(&self, inner: S) -> Guarded<S> {
        Guarded { inner, authenticate: self.clone() }
    }
}

/// The names in the caller's certificate.
fn names(extensions: &Extensions) -> Option<&[String]> {
    extensions.get::<PeerNames>().map(PeerNames::as_slice)
}

/// A generated server behind [`Authenticate`]. A key of a store may have to be looked up, and that of an issuer to be
/// fetched, which an interceptor of tonic cannot wait for.
#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    authenticate: Authenticate,
}

impl<S: NamedService> NamedService for Guarded<S> {
    const NAME: &'static str = S::NAME;
}

type Answer = Result<http::Response<Body>, Infallible>;

impl<S> Service<http::Request<Body>> for Guarded<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        // The one that said it was ready takes the call.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let authenticate = self.authenticate.clone();
        Box::pin(async move {
            match authenticate.caller(request.headers(), request.extensions()).await {
                Ok(caller) => caller.attach(request.extensions_mut()),
                Err(error) => return Ok(rpc::status(error).into_http()),
            }
            inner.call(request).await
        })
    }
}

#[cfg(test)]
mod tests {
    use accounts::{Clock, KeyArguments, Keys};
    use fault::{Fault, Kind};
    use http::header::AUTHORIZATION;
    use identity::{IdentityArguments, Metrics};
    use sha2::{Digest, Sha256};

    use super::*;

    async fn call(value: &'static str) -> Result<Extensions, ApiError> {
        let pair = format!("laptop:{}", hex::encode(Sha256::digest("secret")));
        let keys = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, value.parse().unwrap());
        let none = Identities::load(&IdentityArguments::default(), Metrics::default(), Clock::default())?;
        let mut extensions = Extensions::new();
        let caller = Authenticate::new(Keyring::of_file(keys), none).caller(&headers, &extensions).await?;
        caller.attach(&mut extensions);
        Ok(extensions)
    }

    #[tokio::test]
    async fn a_known_key_names_its_caller_and_what_it_allows() {
        let extensions = call("Bearer secret").await.unwrap();
        assert_eq!(extensions.get::<Principal>().unwrap().as_str(), "laptop");
        assert_eq!(extensions.get::<Grants>().unwrap().as_str(), "scopes=");
        assert_eq!(extensions.get::<Arc<Account>>().unwrap().id, "file:laptop");
    }

    #[tokio::test]
    async fn everything_else_is_refused() {
        assert_eq!(call("Bearer other").await.unwrap_err().kind(), Kind::Unauthenticated);
    }
}
