//! Who is let in: whoever has the key, in one of the ways in which APIs are given keys, or a token that was had for it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};
use url::form_urlencoded;

use crate::KEY_HEADER;

/// The only client that gets tokens, and the user that basic credentials are for.
const CLIENT: &str = "tools";

/// The door. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Door {
    key: Option<Arc<str>>,
    /// The number of the tokens that are good at present.
    tokens: Arc<AtomicU64>,
}

impl Door {
    pub(crate) fn with_key(key: &str) -> Self {
        Self { key: Some(key.into()), ..Self::default() }
    }

    /// Whether a request may come in.
    pub(crate) fn admits(&self, headers: &HeaderMap, query: &str) -> bool {
        let Some(key) = &self.key else { return true };
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        let mut asked = form_urlencoded::parse(query.as_bytes());
        header(KEY_HEADER) == Some(key)
            || bearer.is_some_and(|token| token == &**key || token == self.token())
            || asked.any(|(name, value)| name == "key" && value == **key)
            || self.is_client(headers)
    }

    /// A token, for the client that shows its secret in a header or in the form.
    pub(crate) fn issue(&self, headers: &HeaderMap, form: &[u8]) -> Option<String> {
        let given = |wanted: &str| {
            let mut fields = form_urlencoded::parse(form);
            fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let in_form = given("client_id").as_deref() == Some(CLIENT)
            && given("client_secret").as_deref() == self.key.as_deref();
        let wanted = given("grant_type").as_deref() == Some("client_credentials");
        (wanted && (in_form || self.is_client(headers))).then(|| self.token())
    }

    /// From now on other tokens are good.
    pub(crate) fn revoke(&self) {
        self.tokens.fetch_add(1, Ordering::Relaxed);
    }

    fn token(&self) -> String {
        format!("token-of-the-shop-{}", self.tokens.load(Ordering::Relaxed))
    }

    /// As RFC 7617 has it, or with both parts encoded as in a form, which OAuth wants.
    fn is_client(&self, headers: &HeaderMap) -> bool {
        let key = self.key.as_deref().unwrap_or_default();
        let encoded: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        [key, &encoded].into_iter().any(|secret| {
            let pair = BASE64_STANDARD.encode(format!("{CLIENT}:{secret}"));
            given == Some(format!("Basic {pair}").as_str())
        })
    }
}
