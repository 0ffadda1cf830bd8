//! The one TLS implementation of the process.

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// Makes AWS-LC the crypto of every TLS connection; a process that has chosen keeps its choice.
///
/// Without it rustls would refuse to choose as soon as two implementations are linked in. [`crate::run`] and
/// [`crate::launch`] call it; a program that opens TLS without them, or a test, calls it first.
pub fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Losing a race against another thread means that the provider is there.
        drop(aws_lc_rs::default_provider().install_default());
    }
}
