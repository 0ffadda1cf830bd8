//! A fault as a gRPC status with google.rpc details, and a peer's status as a fault.

mod code;
mod details;
mod remote;

use fault::{Chain, Fault};
use tonic::Status;

pub(crate) use code::name_of;
pub use code::{code_of, kind_of};
pub use details::ERROR_DOMAIN;
pub(crate) use details::complete;
pub use remote::Remote;

/// Answers a fault: `map_err(rpc::status)`.
///
/// The caller gets the kind, the public message and the details. The chain of causes is logged here and nowhere
/// else, at error for a server fault and at debug otherwise, and is never sent.
#[expect(clippy::needless_pass_by_value, reason = "so that `map_err(rpc::status)` reads well")]
pub fn status<F: Fault + 'static>(fault: F) -> Status {
    let kind = fault.kind();
    if kind.is_server_fault() {
        tracing::error!(kind = kind.reason(), reason = fault.reason(), error = %Chain(&fault), "call failed");
    } else {
        tracing::debug!(kind = kind.reason(), reason = fault.reason(), error = %Chain(&fault), "call refused");
    }
    unlogged(&fault)
}

/// As [`status`], for the layers' own refusals, which the access log tells already.
pub(crate) fn unlogged(fault: &impl Fault) -> Status {
    details::describe(fault, fault.reason())
}
