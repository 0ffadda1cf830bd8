//! A refusal, with what HTTP says beside it.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header::CONTENT_RANGE};
use objects::ObjectsError;
use tonic::Status;

use crate::ApiError;

/// A status of `rpc`, which its stack turns into HTTP's.
#[derive(Debug)]
pub(crate) struct Refused {
    status: Status,
    headers: HeaderMap,
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let mut headers = HeaderMap::new();
        if let ApiError::Objects(ObjectsError::RangeNotSatisfiable { size }) = &error {
            // Digits and a few letters are always a header value.
            let size = HeaderValue::from_str(&format!("bytes */{size}"));
            headers.extend(size.ok().map(|size| (CONTENT_RANGE, size)));
        }
        Self { status: rpc::status(error), headers }
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self { status, headers: HeaderMap::new() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.status.into_http::<Body>();
        response.headers_mut().extend(self.headers);
        response
    }
}
