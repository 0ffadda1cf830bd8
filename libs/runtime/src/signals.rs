//! Where the wish to end comes from.

use std::future;

use tokio::{
    signal::unix::{self, SignalKind},
    sync::mpsc,
};

use crate::RuntimeError;

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C at a terminal.
    Interrupt,
    /// SIGTERM: an orchestrator stops the process.
    Terminate,
}

impl Signal {
    /// What a shell reports for a process that this signal killed: 128 + its number.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The signals of this process, or those a test sends.
#[derive(Debug)]
pub struct Signals(Source);

#[derive(Debug)]
enum Source {
    System { interrupt: unix::Signal, terminate: unix::Signal },
    Channel(mpsc::Receiver<Signal>),
}

impl Signals {
    /// Takes over SIGINT and SIGTERM for the rest of the process's life.
    pub fn from_os() -> Result<Self, RuntimeError> {
        let interrupt = unix::signal(SignalKind::interrupt()).map_err(RuntimeError::Signals)?;
        let terminate = unix::signal(SignalKind::terminate()).map_err(RuntimeError::Signals)?;
        Ok(Self(Source::System { interrupt, terminate }))
    }

    /// Signals that come from a sender instead of the system.
    pub fn channel() -> (mpsc::Sender<Signal>, Self) {
        let (sender, receiver) = mpsc::channel(4);
        (sender, Self(Source::Channel(receiver)))
    }

    /// The next signal; none is lost when this is dropped before it ends.
    pub(crate) async fn next(&mut self) -> Signal {
        match &mut self.0 {
            Source::System { interrupt, terminate } => tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            },
            Source::Channel(receiver) => match receiver.recv().await {
                Some(signal) => signal,
                None => future::pending().await,
            },
        }
    }
}
