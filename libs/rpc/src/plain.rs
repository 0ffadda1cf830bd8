//! What is not gRPC on a port that serves both.
//!
//! - `gate` refuses gRPC's methods to whoever speaks something else, and gRPC to whoever speaks HTTP/1.
//! - `answer` turns the statuses with which steps and handlers refuse a plain request into HTTP's own, with a body of
//!   JSON. A body of events says in `last_words` how it ended badly. So nobody further in has to know which of both a
//!   request is, and log and metrics see one set of codes.
//! - `ambiguous` refuses what others on the way may read in another way.
//! - `slow_body` gives up bodies that do not come, of JSON too.

mod ambiguous;
mod answer;
mod gate;
mod last_words;
mod refusal;
mod slow_body;

pub(crate) use ambiguous::RefuseAmbiguous;
pub(crate) use answer::AnswerPlainly;
pub(crate) use gate::RefuseMisfits;
pub use last_words::LastWords;
pub(crate) use slow_body::keep_coming;

use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::Value;

/// Makes of an error, as [`httpjson::error_document`] writes it, what clients of this path expect.
pub type ErrorShape = fn(path: &str, document: Value) -> Value;

/// Whether a request is a gRPC call, by the type of its content: `application/grpc`, alone or with a suffix.
///
/// gRPC-Web is another protocol: where it is spoken at all, it has become gRPC before this is asked.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    let rest = content_type.and_then(|it| it.strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::CONTENT_TYPE};

    use super::is_grpc;

    #[test]
    fn only_the_types_of_grpc_are_grpc() {
        let of = |text: &'static str| is_grpc(&[(CONTENT_TYPE, text.parse().unwrap())].into_iter().collect());
        assert!(of("application/grpc") && of("application/grpc+proto") && of("application/grpc;x=y"));
        assert!(!of("application/grpc-web+proto") && !of("application/json") && !is_grpc(&HeaderMap::new()));
    }
}
