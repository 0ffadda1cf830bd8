//! The google.rpc details of an error: `ErrorInfo` always, the others where they apply.

use std::collections::HashMap;

use fault::{Fault, Kind};
use http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::code::{code_of, name_of};

/// The domain of every reason in `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "ondol.dev";

/// The status of a fault, with a reason that may be closer than the fault's own.
pub(super) fn describe(fault: &impl Fault, reason: &str) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::new());
    if !fault.violations().is_empty() {
        let fields: Vec<_> = fault
            .violations()
            .iter()
            .map(|violation| FieldViolation::new(&violation.field, &violation.description))
            .collect();
        details.set_bad_request(fields);
    }
    if let Some(delay) = fault.retry_after() {
        details.set_retry_info(Some(delay));
    }
    if fault.kind() == Kind::ResourceExhausted {
        details.add_quota_failure_violation(reason, fault.public_message());
    }
    Status::with_error_details(code_of(fault.kind()), fault.public_message(), details)
}

/// Completes an error in headers or trailers with what its author could not know or left out: the request's id,
/// and an `ErrorInfo` for the errors that tonic makes itself. Does nothing to a success.
pub(crate) fn complete(headers: &mut HeaderMap, request_id: &str) {
    let Some(status) = Status::from_header_map(headers).filter(|status| status.code() != Code::Ok) else {
        return;
    };
    // Details that we cannot read are someone else's: leave them as they came.
    let Ok(mut details) = status.check_error_details() else { return };
    if details.error_info().is_none() {
        details.set_error_info(name_of(status.code()), ERROR_DOMAIN, HashMap::new());
    }
    details.set_request_info(request_id, "");
    let completed = Status::with_error_details(status.code(), status.message(), details);
    // The error stands as it was if its message cannot be a header.
    let _ = completed.add_header(headers);
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::{ERROR_DOMAIN, complete};

    #[test]
    fn an_error_without_details_gets_its_reason_and_the_request() {
        let mut headers = HeaderMap::new();
        Status::unimplemented("no such method").add_header(&mut headers).unwrap();
        complete(&mut headers, "r-1");
        let status = Status::from_header_map(&headers).unwrap();
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("UNIMPLEMENTED", ERROR_DOMAIN));
        assert_eq!(details.request_info().unwrap().request_id, "r-1");
        assert_eq!(status.message(), "no such method");
    }

    #[test]
    fn a_success_and_foreign_details_are_left_alone() {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", "0".parse().unwrap());
        complete(&mut headers, "r-1");
        assert_eq!(headers.len(), 1);

        let foreign = Status::with_details(tonic::Code::Internal, "x", vec![0xff, 0xff].into());
        let mut headers = HeaderMap::new();
        foreign.add_header(&mut headers).unwrap();
        complete(&mut headers, "r-1");
        assert_eq!(Status::from_header_map(&headers).unwrap().details(), [0xff, 0xff]);
    }
}
