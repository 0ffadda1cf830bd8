//! A deadline holds from the request's headers to the last byte of the response.
//!
//! tonic's own covers the time to the response's headers only and answers `CANCELLED`; this one ends a stream in
//! flight with `DEADLINE_EXCEEDED` in its trailers, which drops the handler's stream.

mod body;
mod timeout;

use std::time::Duration;

use http::HeaderName;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use crate::{
    RpcError,
    plain::is_grpc,
    status::unlogged,
    step::{BodyStep, Request, Response, Step, is_housekeeping},
};
use body::BoundBody;
pub(crate) use timeout::format as format_timeout;

/// The header in which gRPC callers say how long they wait.
pub(crate) const TIMEOUT_HEADER: HeaderName = HeaderName::from_static("grpc-timeout");

/// When a call's caller stops waiting, found in the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline at an instant of tokio's clock.
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The deadline so far from now; a time beyond the clock's range is 30 years.
    pub fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        let far = Duration::from_hours(30 * 365 * 24);
        Self(now.checked_add(timeout).unwrap_or(now + far))
    }

    /// The instant on tokio's clock.
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// The time that is left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// The server's side: the caller's timeout, or a default, and never more than a maximum.
#[derive(Clone)]
pub(crate) struct HoldDeadline {
    pub(crate) default: Duration,
    pub(crate) maximum: Duration,
}

impl Step for HoldDeadline {
    type Call = Option<Deadline>;

    fn start(&self, request: &mut Request) -> Result<Option<Deadline>, Status> {
        let asked = request.headers().get(TIMEOUT_HEADER).map(timeout::parse).transpose();
        let timeout = match asked.map_err(|error| unlogged(&error))? {
            Some(asked) => asked.min(self.maximum),
            // A watch of someone's health ends when the watcher goes away.
            None if is_housekeeping(request.uri().path()) => return Ok(None),
            // HTTP has no word for it, and a large file on a slow line takes its time.
            None if !is_grpc(request.headers()) => self.maximum,
            None => self.default,
        };
        let deadline = Deadline::after(timeout);
        request.extensions_mut().insert(deadline);
        Ok(Some(deadline))
    }

    async fn finish(
        deadline: Option<Deadline>,
        pending: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        match deadline {
            Some(deadline) => bound(deadline, pending).await,
            None => pending.await,
        }
    }
}

/// The client's side: the earliest of the caller's deadline, the request's own timeout, and the longest that a call to
/// this upstream may take.
#[derive(Clone)]
pub(crate) struct KeepDeadline {
    pub(crate) longest: Duration,
}

impl Step for KeepDeadline {
    type Call = Deadline;

    fn start(&self, request: &mut Request) -> Result<Deadline, Status> {
        let inherited = request.extensions().get::<Deadline>().copied();
        let own = request.headers().get(TIMEOUT_HEADER).map(timeout::parse).transpose();
        let own = own.map_err(|error| unlogged(&error))?.map(Deadline::after);
        let longest = Deadline::after(self.longest);
        let deadline = inherited.into_iter().chain(own).fold(longest, Ord::min);
        request.extensions_mut().insert(deadline);
        Ok(deadline)
    }

    async fn finish(
        deadline: Deadline,
        pending: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        bound(deadline, pending).await
    }
}

async fn bound(deadline: Deadline, pending: impl Future<Output = Response>) -> Response {
    match timeout_at(deadline.0, pending).await {
        Ok(response) => response.map(|body| {
            if http_body::Body::is_end_stream(&body) { body } else { BoundBody::new(deadline.0).around(body) }
        }),
        Err(_elapsed) => exceeded().into_http(),
    }
}

fn exceeded() -> Status {
    unlogged(&RpcError::DeadlineExceeded)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::body::Body;

    use super::{Deadline, HoldDeadline, KeepDeadline, TIMEOUT_HEADER};
    use crate::step::{Request, Step};

    const HOLD: HoldDeadline =
        HoldDeadline { default: Duration::from_mins(1), maximum: Duration::from_mins(5) };

    fn request(path: &str, timeout: Option<&str>) -> Request {
        let mut request = http::Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert(http::header::CONTENT_TYPE, "application/grpc".parse().unwrap());
        if let Some(timeout) = timeout {
            request.headers_mut().insert(TIMEOUT_HEADER, timeout.parse().unwrap());
        }
        request
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_caps_what_callers_ask_and_has_a_default() {
        for (asked, seconds) in [(Some("5S"), 5), (None, 60), (Some("2H"), 300)] {
            let mut request = request("/p.S/M", asked);
            let deadline = HOLD.start(&mut request).unwrap().unwrap();
            assert_eq!(deadline.remaining(), Duration::from_secs(seconds));
            assert_eq!(request.extensions().get::<Deadline>(), Some(&deadline));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_health_watch_has_no_default_deadline() {
        assert_eq!(HOLD.start(&mut request("/grpc.health.v1.Health/Watch", None)).unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_malformed_timeout_is_refused() {
        let status = HOLD.start(&mut request("/p.S/M", Some("5 seconds"))).unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
    }

    #[tokio::test(start_paused = true)]
    async fn the_client_keeps_the_earliest() {
        let keep = KeepDeadline { longest: Duration::from_mins(1) };
        for (inherited, own, seconds) in [
            (None, None, 60),
            (Some(90), Some("95S"), 60),
            (Some(9), Some("5S"), 5),
            (Some(2), Some("5S"), 2),
        ] {
            let mut request = request("/p.S/M", own);
            let inherited = inherited.map(|seconds| Deadline::after(Duration::from_secs(seconds)));
            inherited.and_then(|inherited| request.extensions_mut().insert(inherited));
            assert_eq!(keep.start(&mut request).unwrap().remaining(), Duration::from_secs(seconds));
        }
    }
}
