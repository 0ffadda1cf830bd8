//! Who calls. Nothing of a model is told to somebody without a key.

use axum::extract::FromRequestParts;
use http::{Extensions, request::Parts};
use tonic::{Request, metadata::MetadataMap};

use super::{Desk, Refused};

/// What is known of a call whose key is good: who, what the key allows, until when, under which id.
pub(super) struct Keyed(Extensions);

impl Keyed {
    /// A call in the same name, as gRPC's handlers get it.
    pub(super) fn request<M>(&self, message: M) -> Request<M> {
        Request::from_parts(MetadataMap::new(), self.0.clone(), message)
    }
}

impl FromRequestParts<Desk> for Keyed {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Refused> {
        let caller = desk.authenticate.caller(&parts.headers, &parts.extensions).await?;
        caller.attach(&mut parts.extensions);
        Ok(Self(parts.extensions.clone()))
    }
}
