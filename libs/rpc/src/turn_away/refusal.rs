//! What those who are turned away are told, written once for all of them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use prost::encode_length_delimiter;
use tonic::{Code, Status};
use tonic_types::RequestInfo;

use crate::{REQUEST_ID_HEADER, RequestId, status::Completed, step::Response};

/// The header in which details travel.
const DETAILS: &str = "grpc-status-details-bin";

/// A status that many callers are told, each with the id of their own request.
#[derive(Debug)]
pub struct Refusal {
    code: Code,
    message: String,
    /// All but the details.
    head: HeaderMap,
    details: Bytes,
}

impl Refusal {
    /// Tells this status.
    pub fn new(status: &Status) -> Self {
        let mut head = HeaderMap::new();
        if status.add_header(&mut head).is_err() {
            // Its message, or its metadata, cannot be told.
            head.insert(Status::GRPC_STATUS, HeaderValue::from(status.code() as i32));
        }
        head.remove(DETAILS);
        head.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        let details = Bytes::copy_from_slice(status.details());
        Self { code: status.code(), message: status.message().to_owned(), head, details }
    }

    pub(super) const fn code(&self) -> Code {
        self.code
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The answer to the request of this id, complete.
    pub(super) fn answer(&self, id: &RequestId) -> Response {
        let mut answer = Response::default();
        let headers = answer.headers_mut();
        headers.clone_from(&self.head);
        // A message of protobuf goes on in whatever follows it, so the id stands behind the details that are there.
        let details = [&self.details, &about(id)[..]].concat();
        // Bytes in base64 always are a header.
        let _ = Status::with_details(self.code, "", details.into()).add_header(headers);
        headers.insert(REQUEST_ID_HEADER, id.header());
        // They differ from answer to answer: in HPACK's table they would only displace headers that come again.
        for unique in [DETAILS, REQUEST_ID_HEADER.as_str()] {
            headers.get_mut(unique).into_iter().for_each(|value| value.set_sensitive(true));
        }
        answer.extensions_mut().insert(Completed);
        answer
    }
}

/// `google.rpc.RequestInfo`, as one more of the details of a `google.rpc.Status`.
fn about(id: &RequestId) -> Vec<u8> {
    let info = field(1, id.as_str().as_bytes());
    let any = [field(1, RequestInfo::TYPE_URL.as_bytes()), field(2, &info)].concat();
    field(3, &any)
}

/// A field of bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = Vec::with_capacity(content.len() + 4);
    field.push(number << 3 | 2);
    // There is room for the length of whatever fits into memory.
    let _ = encode_length_delimiter(content.len(), &mut field);
    field.extend_from_slice(content);
    field
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::Refusal;
    use crate::{
        RequestId, RpcError,
        status::{complete, unlogged},
    };

    fn id(text: &str) -> RequestId {
        RequestId::accept(&HeaderValue::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn each_is_told_what_completing_would_tell() {
        let status = unlogged(&RpcError::Overloaded { retry_after: Duration::from_millis(700) });
        let refusal = Refusal::new(&status);
        for name in ["r-1", &"r".repeat(128)] {
            let mut completed = status.clone().into_http::<()>();
            complete(completed.headers_mut(), name);
            let told = refusal.answer(&id(name));
            let read = |headers| {
                let status = Status::from_header_map(headers).unwrap();
                let details = format!("{:?}", status.check_error_details().unwrap());
                (status.code(), status.message().to_owned(), details)
            };
            assert_eq!(read(told.headers()), read(completed.headers()));
            assert!(read(told.headers()).2.contains(name));
            assert_eq!(
                (&told.headers()["x-request-id"], &told.headers()["content-type"]),
                (&name.parse::<HeaderValue>().unwrap(), &completed.headers()["content-type"])
            );
        }
    }

    #[test]
    fn what_the_status_says_besides_is_told_too() {
        let mut status = Status::resource_exhausted("한 번에 너무 많아요");
        status.metadata_mut().insert("x-ratelimit-limit-requests", "1".parse().unwrap());
        let told = Refusal::new(&status).answer(&id("r-1"));
        assert_eq!(told.headers()["x-ratelimit-limit-requests"], "1");
        assert_eq!(Status::from_header_map(told.headers()).unwrap().message(), status.message());
    }
}
