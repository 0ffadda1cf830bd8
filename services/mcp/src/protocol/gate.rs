//! Lets in whoever holds a key, a token or a certificate that opens the door.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, header::WWW_AUTHENTICATE};
use identity::{Callers, IdentityError};
use rpc::{PeerNames, Principal};
use tools::Caller;
use tracing::Span;

/// What the call is part of. The protocol's library answers in tasks of its own, outside of the span.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) span: Span,
    pub(super) trace: Option<String>,
}

/// Goes on in the name of whoever calls, or answers that nobody is known by what came. The check is on that alone: nothing is
/// decided by headers that repeat what the body says.
pub(super) async fn enter(State(callers): State<Callers>, mut request: Request, next: Next) -> Response {
    let names = request.extensions().get::<PeerNames>().map(PeerNames::as_slice);
    let account = match callers.caller(request.headers(), names).await {
        Ok(account) => account,
        Err(error) => return refused(error),
    };
    let caller = Caller {
        principal: account.name.as_str().into(),
        scopes: account.grants.scopes.clone(),
        tools: account.grants.tools.clone(),
    };
    // Names of callers always fit; the access log learns it here.
    if let Ok(principal) = Principal::new(&account.name) {
        principal.attach(request.extensions_mut());
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(Origin { span: Span::current(), trace: rpc::kept_trace() });
    next.run(request).await
}

fn refused(error: IdentityError) -> Response {
    let mut response = rpc::status(error).into_http::<axum::body::Body>();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
