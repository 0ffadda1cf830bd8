//! One attempt at a call, on one pod.

use std::{net::SocketAddr, sync::Arc};

use http::{Uri, request::Parts, uri};
use tonic::body::Body;

use super::{
    body::{LeasedBody, speaks_well},
    pool::Pool,
};
use crate::{
    Deadline, RpcError,
    deadline::{TIMEOUT_HEADER, format_timeout},
    status::unlogged,
    step::{Request, Response},
};

/// What came of an attempt.
pub(super) enum Attempt {
    /// An answer to hand on, whatever it says.
    Answered(Response),
    /// `UNAVAILABLE`, and nothing has come yet.
    Unavailable {
        /// What to hand on if no other attempt is made.
        response: Response,
        /// The pod that failed.
        pod: Option<SocketAddr>,
        /// Whether the pod may have seen the request.
        seen: bool,
    },
}

/// Sends the request to a pod other than `avoid`, where there is one.
pub(super) async fn attempt(pool: &Arc<Pool>, request: Request, avoid: Option<SocketAddr>) -> Attempt {
    let mut lease = match pool.lease(avoid).await {
        Ok(lease) => lease,
        Err(error) => return Attempt::Unavailable { response: refusal(&error), pod: None, seen: false },
    };
    let pod = Some(lease.address());
    match lease.sender().try_send_request(request).await {
        Ok(response) if speaks_well(response.headers().get("grpc-status")) => {
            Attempt::Answered(response.map(|body| Body::new(LeasedBody::new(body, lease))))
        }
        Ok(response) => {
            lease.ended(false);
            Attempt::Unavailable { response: response.map(Body::new), pod, seen: true }
        }
        Err(mut error) => {
            let seen = error.take_message().is_none();
            let source = error.into_error();
            let upstream = pool.name();
            tracing::warn!(upstream, pod = %lease.address(), error = %source, seen, "the connection broke");
            lease.ended(false);
            Attempt::Unavailable { response: refusal(&RpcError::Broken { upstream, source }), pod, seen }
        }
    }
}

/// The head of a request as it goes on the wire: the upstream's authority, and the time that is left now.
pub(super) fn head(parts: &Parts, origin: &Uri) -> Parts {
    let mut parts = parts.clone();
    let mut target = origin.clone().into_parts();
    target.path_and_query =
        parts.uri.path_and_query().cloned().or_else(|| Some(uri::PathAndQuery::from_static("/")));
    if let Ok(target) = Uri::from_parts(target) {
        parts.uri = target;
    }
    parts.version = http::Version::HTTP_2;
    if let Some(deadline) = parts.extensions.get::<Deadline>() {
        parts.headers.insert(TIMEOUT_HEADER, format_timeout(deadline.remaining()));
    }
    parts
}

fn refusal(error: &RpcError) -> Response {
    unlogged(error).into_http()
}
