//! Who calls. Nothing of a model is told to somebody without a key.

use axum::extract::FromRequestParts;
use http::{Extensions, HeaderName, request::Parts};
use tonic::{Request, metadata::MetadataMap};

use super::{Refused, Surface};
use crate::routes::PRIORITY;

/// What is known of a call whose key is good: who, what the key allows, until when, under which id, and how urgent it
/// is.
pub(super) struct Keyed {
    extensions: Extensions,
    metadata: MetadataMap,
}

impl Keyed {
    /// A call in the same name, as gRPC's handlers get it.
    pub(super) fn request<M>(&self, message: M) -> Request<M> {
        Request::from_parts(self.metadata.clone(), self.extensions.clone(), message)
    }
}

impl FromRequestParts<Surface> for Keyed {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, surface: &Surface) -> Result<Self, Refused> {
        let caller = surface.authenticate.caller(&parts.headers, &parts.extensions).await?;
        caller.attach(&mut parts.extensions);
        let urgent =
            parts.headers.get(PRIORITY).map(|said| (HeaderName::from_static(PRIORITY), said.clone()));
        let metadata = MetadataMap::from_headers(urgent.into_iter().collect());
        Ok(Self { extensions: parts.extensions.clone(), metadata })
    }
}
