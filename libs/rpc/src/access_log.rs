//! One line to a call, written when its body has ended.

use std::{net::SocketAddr, sync::Arc};

use telemetry::{ACCESS, trace::ended};
use tonic::Code;
use tracing::Span;

use crate::{
    observe::{ObservedCall, Observer, Outcome},
    server::Peer,
    status::name_of,
    step::{Request, is_housekeeping},
    trace::CallSpan,
};

/// Logs calls: those to health and reflection at debug, all others at info.
#[derive(Clone)]
pub(crate) struct AccessLog {
    /// Which server of the process this is, where it has several.
    pub(crate) service: Option<Arc<str>>,
}

/// What the line will tell besides the outcome.
pub(crate) struct LoggedCall {
    service: Option<Arc<str>>,
    /// Names the method and who calls.
    span: Span,
    is_housekeeping: bool,
    peer: Option<SocketAddr>,
}

impl Observer for AccessLog {
    type Call = LoggedCall;

    fn begin(&self, request: &mut Request) -> LoggedCall {
        LoggedCall {
            service: self.service.clone(),
            span: CallSpan::of(request),
            is_housekeeping: is_housekeeping(request.uri().path()),
            peer: request.extensions().get::<Peer>().map(|peer| peer.0),
        }
    }
}

impl ObservedCall for LoggedCall {
    fn end(self, outcome: Outcome) {
        let _entered = self.span.enter();
        let status = name_of(outcome.code);
        ended(&self.span, status, is_fault(outcome.code));
        let Outcome { bytes, messages, .. } = outcome;
        // To the microsecond; more digits say nothing.
        let duration_ms = outcome.elapsed.as_micros() as f64 / 1e3;
        let peer = self.peer.map(tracing::field::display);
        let service = self.service.as_deref();
        // An event's level is a constant, so both have one of their own.
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    target: ACCESS,
                    service,
                    status,
                    duration_ms,
                    bytes,
                    messages,
                    peer,
                    "call ended"
                )
            };
        }
        if self.is_housekeeping {
            tell!(debug);
        } else {
            tell!(info);
        }
    }
}

/// Whether a trace shows a call as failed: what its caller did wrong is no failure of the server's, says OpenTelemetry.
const fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
