//! How a call ended.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode;
use prost::Message;
use prost_types::Any;

/// gRPC leaves the padding out; readers take it either way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The codes by their numbers, with their names and what HTTP says for them.
const CODES: [(&str, u16); 17] = [
    ("OK", 200),
    ("CANCELLED", 499),
    ("UNKNOWN", 500),
    ("INVALID_ARGUMENT", 400),
    ("DEADLINE_EXCEEDED", 504),
    ("NOT_FOUND", 404),
    ("ALREADY_EXISTS", 409),
    ("PERMISSION_DENIED", 403),
    ("RESOURCE_EXHAUSTED", 429),
    ("FAILED_PRECONDITION", 400),
    ("ABORTED", 409),
    ("OUT_OF_RANGE", 400),
    ("UNIMPLEMENTED", 501),
    ("INTERNAL", 500),
    ("UNAVAILABLE", 503),
    ("DATA_LOSS", 500),
    ("UNAUTHENTICATED", 401),
];
const UNKNOWN: (&str, u16) = ("UNKNOWN", 500);

/// The end of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    code: usize,
    pub(crate) message: String,
    pub(crate) details: Vec<Any>,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct Encoded {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// The end that headers or trailers tell, if they tell one. A code that is no number is one that nobody knows.
pub(crate) fn ended(headers: &HeaderMap) -> Option<Status> {
    let code = headers.get("grpc-status")?;
    let code = code.to_str().ok().and_then(|code| code.parse().ok()).unwrap_or(usize::MAX);
    let message = headers.get("grpc-message").map_or_else(String::new, |message| {
        percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned()
    });
    // Details that cannot be read are left out: the code and the message still hold.
    let details = headers.get("grpc-status-details-bin").and_then(|details| BASE64.decode(details).ok());
    let details = details.and_then(|bytes| Encoded::decode(bytes.as_slice()).ok());
    Some(Status { code, message, details: details.map(|status| status.details).unwrap_or_default() })
}

impl Status {
    pub(crate) fn is_ok(&self) -> bool {
        self.code == 0
    }

    /// The code's name.
    pub(crate) fn name(&self) -> &'static str {
        CODES.get(self.code).unwrap_or(&UNKNOWN).0
    }

    /// HTTP's status for it.
    pub(crate) fn http(&self) -> StatusCode {
        http_status(self.name())
    }
}

/// HTTP's status for the name of a gRPC code, such as `NOT_FOUND`: 404.
pub fn http_status(name: &str) -> StatusCode {
    let (_, status) = CODES.iter().find(|(known, _)| *known == name).unwrap_or(&UNKNOWN);
    StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::ended;

    fn headers(status: &str, message: &str, details: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("grpc-status", status), ("grpc-message", message), ("grpc-status-details-bin", details)]
        {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn codes_have_names_and_http_a_status_for_each() {
        for (code, name, http) in [
            ("0", "OK", 200),
            ("5", "NOT_FOUND", 404),
            ("16", "UNAUTHENTICATED", 401),
            ("99", "UNKNOWN", 500),
            ("x", "UNKNOWN", 500),
        ] {
            let status = ended(&headers(code, "", "")).unwrap();
            assert_eq!((status.name(), status.http().as_u16()), (name, http));
        }
        assert_eq!(ended(&HeaderMap::new()), None);
    }

    #[test]
    fn messages_are_decoded_and_broken_details_left_out() {
        let status = ended(&headers("3", "caf%C3%A9 100%", "!!")).unwrap();
        assert_eq!((status.message.as_str(), status.details.len()), ("café 100%", 0));
        // An empty Any, with and without padding.
        for details in ["CAMaAA==", "CAMaAA"] {
            assert_eq!(ended(&headers("3", "", details)).unwrap().details.len(), 1);
        }
    }
}
