//! Why a process could not start.

use std::{borrow::Cow, error::Error, io, net::SocketAddr};

use arguments::address_advice;
use fault::{Fault, Kind};
use telemetry::TelemetryError;

use crate::Flag;

/// Any error of a service's own, as its start or its tasks return it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Everything that can keep a process from starting, apart from the service itself.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// A port could not be opened.
    #[error("cannot listen on {address}, which {flag} sets: {}", address_advice(source.kind()))]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What sets it.
        flag: Flag,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system refused threads or an event queue.
    #[error("cannot start the threads that run asynchronous code; raise the process's limits")]
    Executor(#[source] io::Error),
    /// The operating system refused a signal handler.
    #[error("cannot listen to signals")]
    Signals(#[source] io::Error),
    /// Logs or traces could not be started.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

impl Fault for RuntimeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Listen { .. } => Kind::FailedPrecondition,
            Self::Executor(_) => Kind::ResourceExhausted,
            Self::Signals(_) => Kind::Internal,
            Self::Telemetry(error) => error.kind(),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        Cow::Borrowed("the service could not start")
    }
}
