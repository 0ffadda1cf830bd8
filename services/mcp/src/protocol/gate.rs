//! Lets keys in.

use accounts::{AccountsError, Keyring};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, header::WWW_AUTHENTICATE};
use rpc::Principal;
use tools::Caller;

/// Goes on in the name of the key that came, or answers that none did. The check is on the key alone: nothing is decided by
/// headers that repeat what the body says.
pub(super) async fn enter(State(keys): State<Keyring>, mut request: Request, next: Next) -> Response {
    let account = match keys.authenticate(request.headers()).await {
        Ok(account) => account,
        Err(error) => return refused(error),
    };
    let caller = Caller {
        principal: account.name.as_str().into(),
        scopes: account.grants.scopes.clone(),
        tools: account.grants.tools.clone(),
    };
    // Names of keys always fit; the access log learns it here.
    if let Ok(principal) = Principal::new(&account.name) {
        principal.attach(request.extensions_mut());
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn refused(error: AccountsError) -> Response {
    let mut response = rpc::status(error).into_http::<axum::body::Body>();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
