//! In whose name a call is made.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::{Extensions, HeaderName, HeaderValue};
use tonic::Status;

use crate::{
    RpcError,
    grants::{GRANTS_HEADER, Grants},
    status::unlogged,
    step::{Request, Response, Step},
};

/// The metadata key in which services tell each other the principal.
pub const PRINCIPAL_HEADER: HeaderName = HeaderName::from_static("x-ondol-principal");

const MAX_LENGTH: usize = 256;

/// The authenticated caller of a request, found in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(HeaderValue);

impl Principal {
    /// Names a principal: 1 to 256 visible ASCII characters, since it travels as metadata.
    pub fn new(name: &str) -> Result<Self, RpcError> {
        HeaderValue::from_str(name).ok().and_then(Self::accept).ok_or(RpcError::MalformedPrincipal)
    }

    fn accept(value: HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let valid = (1..=MAX_LENGTH).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        valid.then_some(Self(value))
    }

    /// Puts the principal where handlers, the access log and [`onward`](crate::onward) look for it.
    pub fn attach(self, extensions: &mut Extensions) {
        if let Some(slot) = extensions.get::<PrincipalSlot>() {
            // A second principal does not rewrite what the log will say.
            let _ = slot.0.set(self.clone());
        }
        extensions.insert(self);
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The name as the value of [`PRINCIPAL_HEADER`].
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Lets the access log, further out, learn the principal that is found further in.
#[derive(Clone)]
pub(crate) struct PrincipalSlot(Arc<OnceLock<Principal>>);

impl PrincipalSlot {
    pub(crate) fn reserve(extensions: &mut Extensions) -> Self {
        let slot = Self(Arc::default());
        extensions.insert(slot.clone());
        slot
    }

    pub(crate) fn get(&self) -> Option<&Principal> {
        self.0.get()
    }
}

/// Whose word a server takes for the principal and its grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nobody's: the headers are removed from every request. For a door that the public can reach.
    Nobody,
    /// The caller's: the headers become the request's [`Principal`] and [`Grants`]. For services that only services can
    /// reach.
    Callers,
}

impl Step for Trust {
    type Call = ();

    fn start(&self, request: &mut Request) -> Result<(), Status> {
        let principal = request.headers_mut().remove(PRINCIPAL_HEADER);
        let grants = request.headers_mut().remove(GRANTS_HEADER);
        if *self == Self::Nobody {
            return Ok(());
        }
        if let Some(value) = principal {
            let principal = Principal::accept(value).ok_or(RpcError::MalformedPrincipal);
            principal.map_err(|error| unlogged(&error))?.attach(request.extensions_mut());
        }
        if let Some(value) = grants {
            let grants = Grants::accept(value).ok_or(RpcError::MalformedGrants);
            request.extensions_mut().insert(grants.map_err(|error| unlogged(&error))?);
        }
        Ok(())
    }

    async fn finish((): (), pending: impl Future<Output = Response> + Send + 'static) -> Response {
        pending.await
    }
}

#[cfg(test)]
mod tests {
    use tonic::body::Body;

    use super::{GRANTS_HEADER, Grants, PRINCIPAL_HEADER, Principal, PrincipalSlot, Trust};
    use crate::step::{Request, Step};

    fn claimed(name: &str) -> Request {
        let request = http::Request::builder().header(PRINCIPAL_HEADER, name);
        request.header(GRANTS_HEADER, "scopes=all").body(Body::empty()).unwrap()
    }

    #[test]
    fn a_public_door_strips_what_callers_claim() {
        let mut request = claimed("team-a");
        Trust::Nobody.start(&mut request).unwrap();
        assert!(!request.headers().contains_key(PRINCIPAL_HEADER));
        assert!(!request.headers().contains_key(GRANTS_HEADER));
        assert!(request.extensions().get::<Principal>().is_none());
        assert!(request.extensions().get::<Grants>().is_none());
    }

    #[test]
    fn a_trusted_claim_reaches_handlers_and_the_log() {
        let mut request = claimed("team-a");
        let slot = PrincipalSlot::reserve(request.extensions_mut());
        Trust::Callers.start(&mut request).unwrap();
        assert_eq!(request.extensions().get::<Principal>().unwrap().as_str(), "team-a");
        assert_eq!(slot.get().unwrap().as_str(), "team-a");
        assert_eq!(request.extensions().get::<Grants>().unwrap().as_str(), "scopes=all");
    }

    #[test]
    fn a_malformed_claim_is_refused() {
        let status = Trust::Callers.start(&mut claimed("two words")).unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(Principal::new("").is_err() && Principal::new("한").is_err());
    }
}
