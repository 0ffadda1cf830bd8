//! gRPC's methods are for gRPC over HTTP/2 alone.
//!
//! tonic would answer them over HTTP/1 and whatever the content is called: a browser's form could so make calls, and a
//! client would lose the status, which comes in trailers.

use http::Version;
use tonic::Status;

use super::is_grpc;
use crate::{
    Methods, RpcError,
    status::unlogged,
    step::{Request, Response, Step, is_housekeeping},
};

/// Refuses what would be served by accident.
#[derive(Clone)]
pub(crate) struct RefuseMisfits {
    pub(crate) methods: Methods,
}

impl Step for RefuseMisfits {
    type Call = ();

    fn start(&self, request: &mut Request) -> Result<(), Status> {
        let path = request.uri().path();
        let refusal = match is_grpc(request.headers()) {
            true if request.version() < Version::HTTP_2 => RpcError::HttpVersion,
            false if self.methods.is_method(path) || is_housekeeping(path) => RpcError::ContentType,
            _ => return Ok(()),
        };
        Err(unlogged(&refusal))
    }

    async fn finish((): (), pending: impl Future<Output = Response> + Send + 'static) -> Response {
        pending.await
    }
}
