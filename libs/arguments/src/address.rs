//! An address to listen on.

use std::io::ErrorKind;

/// What to do about an address that the system does not let anybody listen on.
pub fn address_advice(refusal: ErrorKind) -> &'static str {
    match refusal {
        ErrorKind::AddrInUse => "choose another port, or end what uses this one",
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address; choose one of its own, or 0.0.0.0 for all of them"
        }
        ErrorKind::PermissionDenied => "not permitted; choose a port above 1023",
        _ => "choose another address",
    }
}
