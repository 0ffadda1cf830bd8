//! A fault as a gRPC status with google.rpc details, and a peer's status as a fault.

mod code;
mod details;
mod remote;

use fault::{Chain, Fault, Kind};
use tonic::Status;

pub use code::{code_of, kind_of, name_of};
pub use details::ERROR_DOMAIN;
pub(crate) use details::{Completed, complete};
pub use remote::Remote;

/// Answers a fault: `map_err(rpc::status)`.
///
/// The caller gets the kind, the public message and the details. The chain of causes is logged here and nowhere
/// else, and is never sent: at error what somebody has to mend, at warn what passes by itself (a deadline, a peer that
/// is away), at debug what the caller did wrong.
#[expect(clippy::needless_pass_by_value, reason = "so that `map_err(rpc::status)` reads well")]
pub fn status<F: Fault + 'static>(fault: F) -> Status {
    let kind = fault.kind();
    if matches!(kind, Kind::Internal | Kind::DataLoss) {
        tracing::error!(kind = kind.reason(), reason = fault.reason(), error = %Chain(&fault), "call failed");
    } else if kind.is_server_fault() {
        tracing::warn!(kind = kind.reason(), reason = fault.reason(), error = %Chain(&fault), "call failed");
    } else {
        tracing::debug!(kind = kind.reason(), reason = fault.reason(), error = %Chain(&fault), "call refused");
    }
    unlogged(&fault)
}

/// As [`status`], for the layers' own refusals, which the access log tells already.
pub(crate) fn unlogged(fault: &impl Fault) -> Status {
    details::describe(fault, fault.reason())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::status;
    use crate::RpcError;

    #[test]
    fn a_server_fault_is_logged_once_with_its_causes_and_answers_without_them() {
        let logs = testkit::capture_logs();
        let source = io::Error::other("address in use");
        let answer = status(RpcError::Bind { address: ([10, 1, 2, 3], 80).into(), source });
        assert_eq!(logs.lines_with(&["call failed", "10.1.2.3:80", "address in use"]).len(), 1);
        assert!(!format!("{answer:?}").contains("10.1.2.3"), "{answer:?}");
    }

    #[test]
    fn what_the_caller_did_wrong_is_not_an_error_of_ours() {
        let logs = testkit::capture_logs();
        status(RpcError::MalformedTimeout);
        assert_eq!(logs.lines_with(&["call refused", "MALFORMED_TIMEOUT"]).len(), 1);
        assert_eq!(logs.lines_with(&["call failed"]).len(), 0);
    }
}
