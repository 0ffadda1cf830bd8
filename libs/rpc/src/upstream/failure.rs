//! Why no connection stands: for whoever chose the address, and never for a caller further away.

use std::{
    error::Error,
    fmt, io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fault::Chain;

/// What kept the last connection from being made, or ended it. Displays the error with its causes.
#[derive(Clone, Debug)]
pub struct ConnectFailure {
    obstacle: Obstacle,
    message: String,
}

/// Which step of a connection failed, as far as there is different advice for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// The host has no address.
    Name,
    /// Nobody answers at the address.
    Address,
    /// The peer's certificate is not trusted, or made out to another name.
    Certificate,
    /// The peer shows the certificate of an authority, which is none for a server.
    AuthorityAsServer,
    /// The peer answers, but not in TLS.
    Plaintext,
    /// The peer broke the TLS handshake off.
    Handshake,
    /// The peer ended the connection before anything useful came, or answers in another protocol.
    Protocol,
    /// The connection worked, and then broke.
    Lost,
}

impl ConnectFailure {
    pub(super) fn new(obstacle: Obstacle, error: &(dyn Error + 'static)) -> Self {
        Self { obstacle, message: Chain(error).to_string() }
    }

    /// A TLS handshake that failed.
    pub(super) fn of_tls(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let obstacle = match inner {
            // What webpki says beyond rustls's own cases is there in words only.
            Some(rustls::Error::InvalidCertificate(problem))
                if format!("{problem:?}").contains("CaUsedAsEndEntity") =>
            {
                Obstacle::AuthorityAsServer
            }
            Some(rustls::Error::InvalidCertificate(_)) => Obstacle::Certificate,
            Some(rustls::Error::InvalidMessage(_)) => Obstacle::Plaintext,
            _ => Obstacle::Handshake,
        };
        Self::new(obstacle, error)
    }

    /// What was in the way.
    pub fn obstacle(&self) -> Obstacle {
        self.obstacle
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The last failure of a pool's connections.
#[derive(Debug, Default)]
pub(super) struct LastFailure {
    last: Mutex<Option<ConnectFailure>>,
    /// Whether any call has brought anything yet.
    worked: AtomicBool,
}

impl LastFailure {
    pub(super) fn get(&self) -> Option<ConnectFailure> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(&self, failure: ConnectFailure) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// A connection that was made has broken.
    pub(super) fn note_broken(&self, error: &hyper::Error) {
        let worked = self.worked.load(Ordering::Relaxed);
        self.note(ConnectFailure::new(if worked { Obstacle::Lost } else { Obstacle::Protocol }, error));
    }

    /// Something useful came.
    pub(super) fn worked(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }
}
