//! Bytes that are no message of the contract are the caller's mistake.
//!
//! tonic answers `INTERNAL` to them, as the specification suggests, and any stranger could so set off the alert for
//! faults of ours.

use tonic::{Code, Status};

use crate::{
    RpcError,
    status::unlogged,
    step::{Request, Response, Step},
};

/// How the messages begin of what is the bytes' fault; tonic keeps nothing else of it. The first is prost's, the others
/// are about the frame around the message.
const UNREADABLE: [&str; 5] = [
    "failed to decode Protobuf message",
    "Unexpected EOF decoding stream",
    "Missing request message",
    "protocol error: received message with invalid compression flag",
    "protocol error: received message with compressed-flag",
];

/// Answers `INVALID_ARGUMENT` where the request could not be decoded.
#[derive(Clone)]
pub(crate) struct BlameMalformed;

impl Step for BlameMalformed {
    type Call = ();

    fn start(&self, _: &mut Request) -> Result<(), Status> {
        Ok(())
    }

    async fn finish((): (), pending: impl Future<Output = Response> + Send + 'static) -> Response {
        let response = pending.await;
        let status = Status::from_header_map(response.headers());
        let problem = status.as_ref().and_then(unreadable);
        problem.map_or(response, |problem| unlogged(&RpcError::MalformedMessage { problem }).into_http())
    }
}

/// What tonic said, where that is what the status is about. A handler's own errors have details.
fn unreadable(status: &Status) -> Option<String> {
    let own = status.code() == Code::Internal && status.details().is_empty();
    let known = UNREADABLE.iter().any(|beginning| status.message().starts_with(beginning));
    (own && known).then(|| status.message().trim_end_matches('.').to_owned())
}
