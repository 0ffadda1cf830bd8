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

/// How the message of prost's error begins; tonic keeps nothing else of it.
const UNDECODABLE: &str = "failed to decode Protobuf message";

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
        let problem = status.as_ref().and_then(undecodable);
        problem.map_or(response, |problem| unlogged(&RpcError::MalformedMessage { problem }).into_http())
    }
}

/// What prost said, where that is what the status is about. A handler's own errors have details.
fn undecodable(status: &Status) -> Option<String> {
    let own = status.code() == Code::Internal && status.details().is_empty();
    let problem = status.message().strip_prefix(UNDECODABLE).filter(|_| own)?;
    Some(problem.trim_start_matches([':', ' ']).to_owned())
}
