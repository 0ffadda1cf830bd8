//! Everything that can go wrong in this crate, as one enum.

use std::{borrow::Cow, io, net::SocketAddr, time::Duration};

use arguments::address_advice;
use fault::{Fault, Kind};
use rustls::pki_types::pem;

/// A failure of the server stack, of the client stack, or of their settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The address to listen on could not be taken.
    #[error("cannot listen on {address}: {}", address_advice(source.kind()))]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A PEM file of a certificate or key could not be read.
    #[error("{file}: cannot read a {expected}{}", if_read(source))]
    TlsFile {
        /// The file, behind the flag that names it.
        file: String,
        /// What the file should hold.
        expected: &'static str,
        /// Why reading failed.
        source: pem::Error,
    },
    /// A PEM file was read but holds nothing of what it should.
    #[error("{file}: holds no {expected}")]
    TlsFileEmpty {
        /// The file, behind the flag that names it.
        file: String,
        /// What the file should hold.
        expected: &'static str,
    },
    /// The certificate, key or authority were refused together.
    #[error("{what} cannot be used for TLS")]
    TlsRejected {
        /// Which of them: the files, behind the flags that name them.
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A combination of settings that cannot work.
    #[error("{0}")]
    Settings(String),
    /// A file descriptor set that is not one.
    #[error("the file descriptor set of the served methods is broken")]
    Descriptors(#[from] prost::DecodeError),
    /// The caller's `grpc-timeout` header is malformed.
    #[error("the grpc-timeout header is malformed: expected 1 to 8 digits and one of H, M, S, m, u, n")]
    MalformedTimeout,
    /// The bytes of the request are no message of the contract.
    #[error("the request cannot be decoded ({problem}): build the client from this server's contract")]
    MalformedMessage {
        /// What the decoder said.
        problem: String,
    },
    /// A request of HTTP/1 that others may read in another way.
    #[error("this request can be read in several ways: {problem}")]
    Ambiguous {
        /// Where.
        problem: &'static str,
    },
    /// A call of gRPC came over HTTP/1.
    #[error("gRPC needs HTTP/2")]
    HttpVersion,
    /// A method of gRPC was called with something else.
    #[error("this is a method of gRPC: call it with content of the type application/grpc")]
    ContentType,
    /// The caller's deadline, or the greatest one that this server allows, has passed.
    #[error("the deadline of the call has passed")]
    DeadlineExceeded,
    /// The server is going away.
    #[error("this server is shutting down: another one answers")]
    Draining,
    /// As many calls as this server may run are running.
    #[error("this server runs as many calls as it may: try again later")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// A handler panicked.
    #[error("the call failed inside the service")]
    Panicked,
    /// A principal's name that cannot travel as metadata.
    #[error("a principal is 1 to 256 visible ASCII characters")]
    MalformedPrincipal,
    /// Grants that cannot travel as metadata.
    #[error("grants are at most 8 KiB of printable ASCII")]
    MalformedGrants,
    /// No address of an upstream can be reached, or none became ready in time.
    #[error("{upstream} cannot be reached at the moment")]
    Unreachable {
        /// The upstream's name.
        upstream: &'static str,
    },
    /// The connection to an upstream broke during a call.
    #[error("the connection to {upstream} broke during the call")]
    Broken {
        /// The upstream's name.
        upstream: &'static str,
        /// What the transport said.
        source: hyper::Error,
    },
}

/// What was expected of a file, where it could be read at all.
fn if_read(problem: &pem::Error) -> &'static str {
    if matches!(problem, pem::Error::Io(_)) { "" } else { ": expected a PEM file" }
}

impl Fault for RpcError {
    fn kind(&self) -> Kind {
        match self {
            Self::MalformedTimeout
            | Self::MalformedMessage { .. }
            | Self::MalformedPrincipal
            | Self::MalformedGrants
            | Self::Ambiguous { .. }
            | Self::HttpVersion
            | Self::ContentType => Kind::InvalidArgument,
            Self::DeadlineExceeded => Kind::DeadlineExceeded,
            Self::Overloaded { .. } => Kind::ResourceExhausted,
            Self::Draining | Self::Unreachable { .. } | Self::Broken { .. } => Kind::Unavailable,
            Self::Panicked
            | Self::Bind { .. }
            | Self::TlsFile { .. }
            | Self::TlsFileEmpty { .. }
            | Self::TlsRejected { .. }
            | Self::Settings(_)
            | Self::Descriptors(_) => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self.kind() {
            Kind::Internal => "The call failed inside the service.".into(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::MalformedTimeout => "MALFORMED_TIMEOUT",
            Self::MalformedMessage { .. } => "MALFORMED_MESSAGE",
            Self::MalformedPrincipal => "MALFORMED_PRINCIPAL",
            Self::MalformedGrants => "MALFORMED_GRANTS",
            Self::Ambiguous { .. } => "AMBIGUOUS_REQUEST",
            Self::HttpVersion => "UNSUPPORTED_HTTP_VERSION",
            Self::ContentType => "UNSUPPORTED_CONTENT_TYPE",
            Self::Overloaded { .. } => "SERVER_OVERLOADED",
            Self::Draining => "DRAINING",
            Self::Unreachable { .. } => "UPSTREAM_UNREACHABLE",
            Self::Broken { .. } => "UPSTREAM_CONNECTION_BROKEN",
            _ => self.kind().reason(),
        }
    }

    fn nothing_was_done(&self) -> bool {
        matches!(self, Self::Overloaded { .. } | Self::Unreachable { .. })
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Overloaded { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}
