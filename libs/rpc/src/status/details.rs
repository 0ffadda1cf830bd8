//! The google.rpc details of an error: `ErrorInfo` always, the others where they apply.

use std::{borrow::Cow, collections::HashMap};

use fault::{Fault, Kind, Quota, Violation};
use http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, QuotaViolation, StatusExt};

use super::code::{code_of, name_of};

/// The domain of every reason in `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "ondol.dev";

/// An error travels as HTTP headers, of which some clients take no more than 8 KiB in all; written as base64 and
/// percent signs they grow by a third and more.
const NAMED_BYTES: usize = 2 * 1024;
const MESSAGE_BYTES: usize = 1024;

/// What `ErrorInfo` says of a call that has certainly done nothing, so that asking again does nothing twice.
pub(super) const NOTHING_DONE: &str = "nothing_done";

/// The status of a fault, with a reason that may be closer than the fault's own.
pub(super) fn describe(fault: &impl Fault, reason: &str) -> Status {
    let nothing_done = fault.nothing_was_done().then(|| (NOTHING_DONE.to_owned(), "true".to_owned()));
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::from_iter(nothing_done));
    if !fault.violations().is_empty() {
        details.set_bad_request(named(fault.violations()));
    }
    let message = shortened(fault.public_message());
    if let Some(delay) = fault.retry_after() {
        details.set_retry_info(Some(delay));
    }
    let quotas = fault.quotas();
    if fault.kind() == Kind::ResourceExhausted || !quotas.is_empty() {
        details.set_quota_failure(exceeded(quotas, reason, &message));
    }
    Status::with_error_details(code_of(fault.kind()), message, details)
}

/// The wrong fields as far as they fit, and how many there are besides.
fn named(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut room = NAMED_BYTES;
    let mut fields = Vec::new();
    for violation in violations {
        let size = violation.field.len() + violation.description.len();
        if size > room {
            break;
        }
        room -= size;
        fields.push(FieldViolation::new(&violation.field, &violation.description));
    }
    let rest = violations.len() - fields.len();
    if rest > 0 {
        fields.push(FieldViolation::new("(further fields)", format!("{rest} more are wrong")));
    }
    fields
}

/// The quotas as far as they fit; where the fault names none, its reason and message.
fn exceeded(quotas: Vec<Quota>, reason: &str, message: &str) -> Vec<QuotaViolation> {
    let mut room = NAMED_BYTES;
    let fitting = quotas.into_iter().take_while(|quota| {
        let size = quota.subject.len() + quota.description.len();
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    });
    let mut told: Vec<_> =
        fitting.map(|quota| QuotaViolation::new(quota.subject, quota.description)).collect();
    if told.is_empty() {
        told.push(QuotaViolation::new(reason, message));
    }
    told
}

/// The beginning of a message that is too long.
fn shortened(message: Cow<'_, str>) -> String {
    if message.len() <= MESSAGE_BYTES {
        return message.into_owned();
    }
    format!("{} …", &message[..message.floor_char_boundary(MESSAGE_BYTES)])
}

/// In the extensions of an answer to which [`complete`] has nothing to add.
#[derive(Clone, Copy)]
pub(crate) struct Completed;

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
    use std::borrow::Cow;

    use fault::{Fault, Kind, Violation};
    use http::HeaderMap;
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::{ERROR_DOMAIN, complete, describe};

    /// A request with so many wrong fields.
    #[derive(Debug, thiserror::Error)]
    #[error("wrong")]
    struct Wrong(Vec<Violation>);

    impl Fault for Wrong {
        fn kind(&self) -> Kind {
            Kind::InvalidArgument
        }

        fn public_message(&self) -> Cow<'_, str> {
            self.0.iter().map(Violation::to_string).collect::<Vec<_>>().join("; ").into()
        }

        fn violations(&self) -> &[Violation] {
            &self.0
        }
    }

    #[test]
    fn however_much_is_wrong_it_fits_into_the_headers_that_clients_take() {
        let wrong = |count: usize, length: usize| {
            let one = |index| Violation::new(format!("messages[{index}].role"), "é".repeat(length));
            let status = describe(&Wrong((0..count).map(one).collect()), "INVALID_ARGUMENT");
            let mut headers = HeaderMap::new();
            status.add_header(&mut headers).unwrap();
            complete(&mut headers, &"r".repeat(128));
            let size: usize =
                headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
            let fields = Status::from_header_map(&headers).unwrap().get_details_bad_request().unwrap();
            (size, fields.field_violations)
        };
        for (count, length) in [(1, 10), (20, 40), (300, 40), (300, 1), (3, 5_000)] {
            let (size, fields) = wrong(count, length);
            assert!(size < 8 * 1024, "{count} of {length}: {size}");
            let all = fields.len() == count && fields.iter().all(|field| field.field.starts_with("messages"));
            let told = fields.last().unwrap().description.contains(" more are wrong");
            assert!(all || told, "{fields:?}");
        }
        assert_eq!(wrong(20, 10).1.len(), 20);
    }

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
