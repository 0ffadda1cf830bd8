//! What can be wrong with a webhook.

use std::{borrow::Cow, time::Duration};

use fault::{Fault, Kind};

/// Why a secret cannot be used, or a body is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhooksError {
    /// A text that is no secret. It is not repeated: it may be one that was cut.
    #[error("this is no signing secret: expected `whsec_` and 24 to 64 bytes in base64")]
    Secret,
    /// A master that could be guessed from what receivers have.
    #[error("it is too short: expected at least {least} bytes, such as what `openssl rand -hex 32` prints")]
    Guessable {
        /// How long it has to be, in bytes.
        least: usize,
    },
    /// A header that is missing or cannot be read.
    #[error("the header {name} is missing or cannot be read")]
    Header {
        /// Which.
        name: &'static str,
    },
    /// It was signed too long ago, or in the future.
    #[error("the webhook was signed more than {} s away from now: it may be an old one that is sent again", .tolerance.as_secs())]
    Untimely {
        /// How far away it may be.
        tolerance: Duration,
    },
    /// No signature fits.
    #[error("no signature fits: the body or its headers were changed, or the secret is another one")]
    Forged,
}

impl Fault for WebhooksError {
    fn kind(&self) -> Kind {
        match self {
            Self::Secret | Self::Guessable { .. } | Self::Header { .. } => Kind::InvalidArgument,
            Self::Untimely { .. } | Self::Forged => Kind::PermissionDenied,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}
