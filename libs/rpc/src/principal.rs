//! In whose name a call is made.

use std::fmt;

use http::{Extensions, HeaderName, HeaderValue};
use tonic::Status;

use crate::{
    RpcError,
    grants::{GRANTS_HEADER, Grants},
    status::unlogged,
    step::{Request, Response, Step},
    trace::CallSpan,
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

    /// Puts the principal where handlers and [`onward`](crate::onward) look for it, and on the call's span: so it is in
    /// the trace, and in each line of the log from here on.
    pub fn attach(self, extensions: &mut Extensions) {
        // A second principal does not rewrite what the log says.
        if extensions.get::<Self>().is_none()
            && let Some(CallSpan(span)) = extensions.get::<CallSpan>()
        {
            span.record("principal", self.as_str());
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

    use telemetry::capture;
    use tracing::{dispatcher::with_default, info, info_span};

    use super::{CallSpan, GRANTS_HEADER, Grants, PRINCIPAL_HEADER, Principal, Trust};
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
    fn a_trusted_claim_reaches_handlers() {
        let mut request = claimed("team-a");
        Trust::Callers.start(&mut request).unwrap();
        assert_eq!(request.extensions().get::<Principal>().unwrap().as_str(), "team-a");
        assert_eq!(request.extensions().get::<Grants>().unwrap().as_str(), "scopes=all");
    }

    #[test]
    fn every_line_of_a_call_names_its_first_principal() {
        let (dispatch, captured) = capture();
        with_default(&dispatch, || {
            let span = info_span!("call", principal = tracing::field::Empty);
            let mut request = claimed("team-a");
            request.extensions_mut().insert(CallSpan(span.clone()));
            span.in_scope(|| info!("before"));
            Trust::Callers.start(&mut request).unwrap();
            Principal::new("team-b").unwrap().attach(request.extensions_mut());
            span.in_scope(|| info!("after"));
        });
        let lines = captured.lines();
        let named: Vec<_> =
            lines.iter().map(|line| line.get("principal").and_then(|it| it.as_str())).collect();
        assert_eq!(named, [None, Some("team-a")]);
    }

    #[test]
    fn a_malformed_claim_is_refused() {
        let status = Trust::Callers.start(&mut claimed("two words")).unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(Principal::new("").is_err() && Principal::new("한").is_err());
    }
}
