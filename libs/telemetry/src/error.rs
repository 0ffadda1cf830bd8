//! Why logs or traces could not be started or flushed.

use std::borrow::Cow;

use fault::{Fault, Kind};

/// Everything that can go wrong with telemetry; none of it concerns a caller.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The OTLP exporter refused its endpoint.
    #[error(
        "cannot export traces to {endpoint}; give --otlp-endpoint (ONDOL_OTLP_ENDPOINT) as http://HOST:PORT"
    )]
    Exporter {
        /// The endpoint as it was given.
        endpoint: String,
        /// What the exporter said.
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// The labels of the lines that are pushed to Loki were refused.
    #[error("cannot push log lines to Loki")]
    Loki(#[from] tracing_loki::Error),
    /// Traces or lines are to leave, but no tokio runtime is entered that could carry the connection.
    #[error(
        "traces and log lines can only leave from inside a tokio runtime; enter it before telemetry starts"
    )]
    NoRuntime,
    /// This process has a tracing subscriber already.
    #[error("logging was started twice in one process; start it once, in main")]
    AlreadyStarted,
    /// The last spans could not be exported in time.
    #[error("the last spans were not exported")]
    Flush(#[source] opentelemetry_sdk::error::OTelSdkError),
    /// The last log lines could not be pushed in time.
    #[error("the last log lines were not pushed to Loki")]
    Push,
}

impl Fault for TelemetryError {
    fn kind(&self) -> Kind {
        match self {
            Self::Exporter { .. } | Self::Loki(_) | Self::NoRuntime | Self::AlreadyStarted => {
                Kind::FailedPrecondition
            }
            Self::Flush(_) | Self::Push => Kind::Unavailable,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        Cow::Borrowed("the service has a problem with its telemetry")
    }
}
