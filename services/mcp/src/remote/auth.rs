//! In whose name an API is asked.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use egress::Request;
use fault::Chain;
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use secrets::{Reference, Secret, Secrets, SecretsError};
use tools::ToolsError;

use super::oauth::OAuth;
use crate::config::AuthConfig;

/// How requests say in whose name they come.
pub(crate) enum Auth {
    Nobody,
    Header { name: HeaderName, prefix: String, secret: Reference },
    Query { name: String, secret: Reference },
    Basic { user: String, secret: Reference },
    OAuth(OAuth),
}

/// What a request was given, to be looked for in the answer.
#[derive(Default)]
pub(crate) struct Given(pub(crate) Vec<Secret>);

impl Auth {
    /// What configuration says, apart from tokens; the error names the field.
    pub(super) fn new(config: &AuthConfig) -> Result<Self, String> {
        let AuthConfig { header, prefix, query, user, secret, oauth: _ } = config;
        let secret = secret.clone().ok_or("auth.secret: the name of a secret is missing")?;
        if prefix.is_some() && header.is_none() {
            return Err("auth.prefix: is for a header; set auth.header".to_owned());
        }
        match (header, query, user) {
            (Some(header), None, None) => {
                let (name, _) =
                    egress::header(header, "").map_err(|error| format!("auth.header: {error}"))?;
                let prefix = prefix.clone().unwrap_or_default();
                HeaderValue::from_str(&prefix).map_err(|error| format!("auth.prefix: {error}"))?;
                Ok(Self::Header { name, prefix, secret })
            }
            (None, Some(query), None) => Ok(Self::Query { name: query.clone(), secret }),
            (None, None, Some(user)) if !user.contains(':') => Ok(Self::Basic { user: user.clone(), secret }),
            (None, None, Some(_)) => Err("auth.user: must not have a colon".to_owned()),
            _ => Err("auth: expected one of header, query, user and oauth".to_owned()),
        }
    }

    /// Puts into the request what says in whose name it comes.
    pub(crate) async fn apply(
        &self,
        request: &mut Request,
        secrets: &Arc<dyn Secrets>,
    ) -> Result<Given, ToolsError> {
        match self {
            Self::Nobody => Ok(Given::default()),
            Self::Header { name, prefix, secret } => {
                let value = secret_of(secrets, secret).await?;
                request.secret(name.clone(), header_value(secret, &format!("{prefix}{}", value.expose()))?);
                Ok(Given(vec![value]))
            }
            Self::Query { name, secret } => {
                let secret = secret_of(secrets, secret).await?;
                request.url.query_pairs_mut().append_pair(name, secret.expose());
                Ok(Given(vec![secret]))
            }
            Self::Basic { user, secret } => {
                let value = secret_of(secrets, secret).await?;
                let pair = basic(user, &value);
                request.secret(AUTHORIZATION, header_value(secret, &format!("Basic {}", pair.expose()))?);
                Ok(Given(vec![value, pair]))
            }
            Self::OAuth(oauth) => {
                let token = oauth.token(secrets).await?;
                request.secret(
                    AUTHORIZATION,
                    header_value(oauth.secret(), &format!("Bearer {}", token.expose()))?,
                );
                Ok(Given(vec![token]))
            }
        }
    }

    /// The upstream did not take what the request was given: whether there is something newer.
    pub(crate) async fn renew(&self, given: &Given, secrets: &Arc<dyn Secrets>) -> bool {
        let Some(refused) = given.0.first() else { return false };
        match self {
            Self::Nobody => false,
            Self::OAuth(oauth) => {
                oauth.forget(refused);
                true
            }
            Self::Header { secret, .. } | Self::Query { secret, .. } | Self::Basic { secret, .. } => {
                secrets.refresh(secret).await;
                secrets.get(secret).await.is_ok_and(|newer| newer != *refused)
            }
        }
    }

    /// Whether there is any.
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::Nobody)
    }
}

/// A user and a password as one word.
pub(super) fn basic(user: &str, password: &Secret) -> Secret {
    Secret::new(BASE64_STANDARD.encode(format!("{user}:{}", password.expose())))
}

/// A secret of this moment. Why there is none is for our logs.
pub(super) async fn secret_of(
    secrets: &Arc<dyn Secrets>,
    reference: &Reference,
) -> Result<Secret, ToolsError> {
    secrets.get(reference).await.map_err(|error| {
        tracing::error!(secret = %reference, "a tool has no credentials: {}", Chain(&error));
        ToolsError::credentials(error)
    })
}

/// A header with a secret in it; the error does not repeat it.
pub(super) fn header_value(reference: &Reference, text: &str) -> Result<HeaderValue, ToolsError> {
    HeaderValue::from_str(text).map_err(|_| {
        tracing::error!(secret = %reference, "a secret has characters that no header has");
        let problem = "has characters that no header has";
        ToolsError::credentials(SecretsError::Unusable { name: reference.name().to_owned(), problem })
    })
}
