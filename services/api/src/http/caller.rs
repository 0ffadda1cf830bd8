//! Who asks by HTTP.

use accounts::AccountsError;
use axum::extract::FromRequestParts;
use http::request::Parts;
use rpc::Principal;

use super::{Refused, Window};
use crate::ApiError;

/// Whoever a request came from, or nobody. A key that nobody knows is refused even where none is needed.
pub(super) struct Caller(Option<Principal>);

impl Caller {
    /// The caller's name, for what anybody may do with something published.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.as_ref().map(Principal::as_str)
    }

    /// The caller's name, for what needs a key.
    pub(super) fn required(&self) -> Result<&str, ApiError> {
        self.name().ok_or_else(no_key)
    }

    /// What is said where there is nothing that this caller may see. Somebody without a key learns only that one might
    /// help, whether there is something or not; somebody with another's key, that there is nothing.
    pub(super) fn denied(&self, missing: ApiError) -> ApiError {
        self.required().err().unwrap_or(missing)
    }
}

impl FromRequestParts<Window> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, window: &Window) -> Result<Self, Refused> {
        let caller = window.authenticate.anybody(&parts.headers, &parts.extensions).await?;
        let Some(caller) = caller else { return Ok(Self(None)) };
        let principal = caller.principal.clone();
        caller.attach(&mut parts.extensions);
        Ok(Self(Some(principal)))
    }
}

fn no_key() -> ApiError {
    AccountsError::Unauthenticated("send the header `authorization: Bearer KEY`").into()
}
