//! Why a port could not be opened.

use std::borrow::Cow;

use fault::{Fault, Kind};
use rpc::RpcError;

/// An error before serving.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The address is taken, or not this machine's.
    #[error("the address of --listen (ONDOL_LISTEN) cannot be used")]
    Listen(#[source] RpcError),
    /// TLS or another setting of the server cannot be used.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The description of the contract that reflection serves is broken.
    #[error("reflection cannot describe the contract")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl Fault for ServiceError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }

    fn public_message(&self) -> Cow<'_, str> {
        "the service could not be started".into()
    }
}
