//! How others are reached, and in whose name, as it is written.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use secrets::Reference;
use serde::Deserialize;

/// How an API or a server is reached: what their tables have in common.
#[derive(Clone, Copy)]
pub(crate) struct Reach<'a> {
    /// Further hosts to which its answers may lead.
    pub(crate) hosts: &'a [String],
    /// Networks that may be reached though they are not public.
    pub(crate) private: &'a [String],
    /// Whether it may be asked without TLS.
    pub(crate) plain_http: bool,
    /// The largest answer that is read.
    pub(crate) max_bytes: Option<usize>,
    /// How long connecting may take.
    pub(crate) connect_timeout: Option<Duration>,
    /// How long an answer may stand still.
    pub(crate) stall_timeout: Option<Duration>,
    /// How often an answer may lead elsewhere.
    pub(crate) redirects: Option<usize>,
    /// Headers of every request.
    pub(crate) headers: &'a BTreeMap<String, String>,
    /// In whose name it is asked.
    pub(crate) auth: Option<&'a AuthConfig>,
}

/// Networks, as they are written under `private`.
pub(crate) fn networks<N: FromStr>(private: &[String]) -> Result<Vec<N>, String> {
    let networks = private.iter().map(|text| {
        text.parse().map_err(|_| format!("private: {text:?} is no network; expected one such as 10.0.0.0/8"))
    });
    networks.collect()
}

/// How requests say in whose name they come: one of `header`, `query`, `user` and `oauth`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthConfig {
    /// The header that the secret is in.
    pub(crate) header: Option<String>,
    /// What stands before the secret in the header, such as `Bearer `.
    pub(crate) prefix: Option<String>,
    /// The parameter of the query that the secret is.
    pub(crate) query: Option<String>,
    /// The user whose password the secret is.
    pub(crate) user: Option<String>,
    /// The secret's name.
    pub(crate) secret: Option<Reference>,
    /// Tokens that are fetched.
    pub(crate) oauth: Option<OAuthConfig>,
}

/// Tokens by OAuth's client credentials.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct OAuthConfig {
    /// Where tokens are given out.
    pub(crate) token_url: String,
    /// Who asks for them.
    pub(crate) client_id: String,
    /// The client's secret, by its name.
    pub(crate) secret: Reference,
    /// What the tokens are for.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// For whom they are, where the issuer asks.
    pub(crate) audience: Option<String>,
    /// Whether the client's secret is in the body rather than in a header.
    #[serde(default)]
    pub(crate) secret_in_body: bool,
}
