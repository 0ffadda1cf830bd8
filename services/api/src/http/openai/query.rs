//! OpenAI's paths take no query. What stands there would do nothing, so it is refused by its name as in a body.

use axum::extract::FromRequestParts;
use http::request::Parts;
use openai::OpenAiError;
use url::form_urlencoded;

use super::{RESPONSES, Refused, Surface};
use crate::ApiError;

/// A request without a query, or with one that asks for nothing.
pub(super) struct NoQuery;

impl FromRequestParts<Surface> for NoQuery {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Surface) -> Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or_default();
        let odd = form_urlencoded::parse(query.as_bytes())
            .find(|(name, value)| !asks_for_nothing(parts.uri.path(), name, value));
        match odd {
            Some((name, _)) => Err(ApiError::from(OpenAiError::in_query(&name)).into()),
            None => Ok(Self),
        }
    }
}

/// OpenAI's clients have a second way to responses, which differs in parameters alone; those are refused by themselves.
fn asks_for_nothing(path: &str, name: &str, value: &str) -> bool {
    path == RESPONSES && name == "beta" && matches!(value, "true" | "false")
}

#[cfg(test)]
mod tests {
    use super::{RESPONSES, asks_for_nothing};
    use crate::http::openai::CHAT;

    #[test]
    fn only_what_openai_s_clients_send_by_themselves_is_passed_over() {
        assert!(asks_for_nothing(RESPONSES, "beta", "true"));
        for (path, name, value) in [
            (RESPONSES, "beta", "yes"),
            (RESPONSES, "stream", "true"),
            (CHAT, "beta", "true"),
            (CHAT, "", ""),
        ] {
            assert!(!asks_for_nothing(path, name, value), "{path} {name}={value}");
        }
    }
}
