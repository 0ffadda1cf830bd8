//! What a receiver's answer means.

use std::time::Duration;

use egress::Response;
use http::StatusCode;

use crate::McpError;

/// No receiver is left alone for longer than this, whatever it asks.
const LONGEST_REST: Duration = Duration::from_hours(6);

/// Why a receiver has not taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It will not.
    ForGood,
    /// It may later, after this time where it said so.
    ForNow(Option<Duration>),
}

impl Refusal {
    pub(crate) fn explained(self) -> &'static str {
        match self {
            Self::ForGood => ", so it is not asked again",
            Self::ForNow(_) => "",
        }
    }
}

/// The status of a receiver that has it; otherwise why not.
pub(super) fn verdict(response: &Response) -> Result<u16, McpError> {
    let status = response.status;
    match refusal(status, response.retry_after()) {
        None => Ok(status.as_u16()),
        Some(refusal) => Err(McpError::Webhook { status: status.as_u16(), refusal }),
    }
}

fn refusal(status: StatusCode, retry_after: Option<Duration>) -> Option<Refusal> {
    if status.is_success() {
        return None;
    }
    let passes = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_client_error() && !passes {
        return Some(Refusal::ForGood);
    }
    let asked = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    Some(Refusal::ForNow(retry_after.filter(|_| asked).map(|rest| rest.min(LONGEST_REST))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::{LONGEST_REST, Refusal, refusal};

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let of = |status| refusal(StatusCode::from_u16(status).unwrap(), None);
        for taken in [200, 201, 204, 299] {
            assert_eq!(of(taken), None, "{taken}");
        }
        for gone in [400, 401, 403, 404, 405, 410, 422, 451] {
            assert_eq!(of(gone), Some(Refusal::ForGood), "{gone}");
        }
        for passing in [301, 302, 408, 429, 500, 502, 503, 504] {
            assert_eq!(of(passing), Some(Refusal::ForNow(None)), "{passing}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_rest_and_not_for_any_rest() {
        let of = |status, seconds| {
            refusal(StatusCode::from_u16(status).unwrap(), Some(Duration::from_secs(seconds)))
        };
        assert_eq!(of(429, 60), Some(Refusal::ForNow(Some(Duration::from_mins(1)))));
        assert_eq!(of(503, u64::MAX), Some(Refusal::ForNow(Some(LONGEST_REST))));
        assert_eq!(of(500, 60), Some(Refusal::ForNow(None)));
        assert_eq!(of(410, 60), Some(Refusal::ForGood));
    }
}
