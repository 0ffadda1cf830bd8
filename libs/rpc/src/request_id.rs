//! Every call has an id, which its caller may choose and always learns.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::BodyExt;
use tonic::{Status, body::Body};
use uuid::Uuid;

use crate::{
    status::{Completed, complete},
    step::{Request, Response, Step},
};

/// The header, and metadata key, of the request's id.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 128;

/// The id of a request, found in its extensions: the caller's own where it was valid, else a new `UUIDv7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// A new id, ordered by time.
    pub fn random() -> Self {
        let mut text = Uuid::encode_buffer();
        let text: &str = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        // Hexadecimal digits and hyphens are always a header value.
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// Accepts what is short and safe to log: 1 to 128 letters, digits and `-_.:`.
    pub fn accept(value: &HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        ((1..=MAX_LENGTH).contains(&bytes.len()) && bytes.iter().all(safe)).then(|| Self(value.clone()))
    }

    /// The one that these headers give, where it may be accepted; else a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers.get(REQUEST_ID_HEADER).and_then(Self::accept).unwrap_or_else(Self::random)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as the value of [`REQUEST_ID_HEADER`].
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// Names the call, answers its name, and puts it into the details of an error.
#[derive(Clone)]
pub(crate) struct NameRequest;

impl Step for NameRequest {
    type Call = RequestId;

    fn start(&self, request: &mut Request) -> Result<RequestId, Status> {
        let id = RequestId::of(request.headers());
        request.headers_mut().insert(REQUEST_ID_HEADER, id.header());
        request.extensions_mut().insert(id.clone());
        Ok(id)
    }

    async fn finish(id: RequestId, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        let mut response = pending.await;
        response.headers_mut().insert(REQUEST_ID_HEADER, id.header());
        if response.extensions_mut().remove::<Completed>().is_none() {
            complete(response.headers_mut(), id.as_str());
        }
        let name = move |mut frame: Frame<Bytes>| {
            frame.trailers_mut().into_iter().for_each(|trailers| complete(trailers, id.as_str()));
            frame
        };
        response.map(|body| Body::new(body.map_frame(name)))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::RequestId;

    #[test]
    fn a_new_id_is_a_uuid_of_version_seven() {
        let id = RequestId::random();
        assert_eq!(uuid::Uuid::parse_str(id.as_str()).unwrap().get_version_num(), 7);
    }

    #[test]
    fn only_short_and_plain_ids_are_accepted() {
        for good in ["a", "0199-abc_DEF.1:2", &"x".repeat(128)] {
            assert_eq!(RequestId::accept(&HeaderValue::from_str(good).unwrap()).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\"b", "a{b}", &"x".repeat(129)] {
            assert_eq!(RequestId::accept(&HeaderValue::from_str(bad).unwrap()), None, "{bad:?}");
        }
        assert_eq!(RequestId::accept(&HeaderValue::from_bytes(b"\xff").unwrap()), None);
    }
}
