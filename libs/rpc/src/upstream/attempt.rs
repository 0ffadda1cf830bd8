//! One attempt at a call, on one pod.

use std::{net::SocketAddr, sync::Arc};

use http::{Uri, request::Parts, uri};
use tonic::body::Body;

use super::{
    body::{HoldLease, speaks_well},
    pool::Pool,
};
use crate::{
    Deadline, RpcError,
    deadline::{TIMEOUT_HEADER, format_timeout},
    status::unlogged,
    step::{BodyStep, Request, Response},
};

/// What came of an attempt.
pub(super) enum Attempt {
    /// An answer to hand on, whatever it says.
    Answered(Response),
    /// `UNAVAILABLE`, and nothing has come yet; the pod may have seen the request.
    Unavailable {
        /// What to hand on if no other attempt is made.
        response: Response,
        /// The pod that failed.
        pod: SocketAddr,
    },
    /// No pod has seen any of it.
    Unsent {
        /// What to hand on if no other attempt is made.
        response: Response,
    },
}

/// Sends the request to a pod other than `avoid`, where there is one.
pub(super) async fn attempt(pool: &Arc<Pool>, request: Request, avoid: Option<SocketAddr>) -> Attempt {
    let mut lease = match pool.lease(avoid).await {
        Ok(lease) => lease,
        Err(error) => return Attempt::Answered(refusal(&error)),
    };
    let address = lease.address();
    match lease.sender().try_send_request(request).await {
        Ok(response) if speaks_well(response.headers().get("grpc-status")) => {
            Attempt::Answered(response.map(|body| HoldLease::new(lease).around(body)))
        }
        Ok(response) => {
            lease.failed();
            Attempt::Unavailable { response: response.map(Body::new), pod: address }
        }
        Err(mut error) => {
            let upstream = pool.name();
            if error.take_message().is_some() {
                // The connection was closing: that is how pods go away, and says nothing against this one.
                return Attempt::Unsent { response: refusal(&RpcError::Unreachable { upstream }) };
            }
            let source = error.into_error();
            tracing::warn!(upstream, %address, error = %source, "the connection broke during a call");
            pool.failure().note_broken(&source);
            lease.failed();
            let response = refusal(&RpcError::Broken { upstream, source });
            Attempt::Unavailable { response, pod: address }
        }
    }
}

/// The head of a request as it goes on the wire: the upstream's authority, and the time that is left now.
pub(super) fn head(parts: &Parts, origin: &Uri) -> Parts {
    // Without the extensions, which nobody reads any more and which are many.
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.method = parts.method.clone();
    head.version = http::Version::HTTP_2;
    head.headers = parts.headers.clone();
    let mut target = origin.clone().into_parts();
    target.path_and_query =
        parts.uri.path_and_query().cloned().or_else(|| Some(uri::PathAndQuery::from_static("/")));
    head.uri = Uri::from_parts(target).unwrap_or_else(|_| parts.uri.clone());
    if let Some(deadline) = parts.extensions.get::<Deadline>() {
        head.headers.insert(TIMEOUT_HEADER, format_timeout(deadline.remaining()));
    }
    head
}

fn refusal(error: &RpcError) -> Response {
    unlogged(error).into_http()
}
