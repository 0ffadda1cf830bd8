//! Calls that go on to a service behind, and its answers.

use rpc::{Remote, onward};
use tonic::{Request, Response, Status};

/// The request as it goes on: in the caller's name, with its id and what is left of its time, and nothing else.
pub(super) fn forwarded<M>(request: Request<M>) -> Request<M> {
    let (_, extensions, message) = request.into_parts();
    onward(&extensions, message)
}

pub(super) fn answer<M>(answer: Result<Response<M>, Status>) -> Result<Response<M>, Status> {
    // A new response: the metadata of our own peer is not the caller's.
    answer.map(|response| Response::new(response.into_inner())).map_err(from_peer)
}

/// A peer's status as the caller gets it.
pub(super) fn from_peer(status: Status) -> Status {
    Remote::from(status).into()
}
