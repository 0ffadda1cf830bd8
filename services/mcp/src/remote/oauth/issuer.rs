//! Whoever gives out tokens.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use egress::{Egress, Request};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use secrets::{Reference, Secret, Secrets};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use tools::ToolsError;
use url::{Url, form_urlencoded};

use super::super::auth::{basic, header_value, secret_of};
use crate::config::OAuthConfig;

/// How long a token is good that does not say so.
const USUAL_LIFE: Duration = Duration::from_mins(5);
/// No token is kept for longer.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// How long before its end a token is no longer used, at most: a tenth of its life where that is less.
const MARGIN: Duration = Duration::from_secs(30);

/// An issuer, and who we are to it.
pub(super) struct Issuer {
    egress: Egress,
    url: Url,
    client_id: String,
    /// The name of the client's secret.
    pub(super) secret: Reference,
    form: Vec<(&'static str, String)>,
    secret_in_body: bool,
}

/// A token, and until when it is used.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) until: Instant,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<Value>,
}

impl Answer {
    /// How long the token is good. Some issuers write the number as text.
    fn life(&self) -> Duration {
        let seconds = self.expires_in.as_ref().and_then(|said| match said {
            Value::String(text) => text.trim().parse().ok(),
            said => said.as_f64(),
        });
        let life = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        life.unwrap_or(USUAL_LIFE).min(LONGEST_LIFE)
    }
}

impl Issuer {
    pub(super) fn new(egress: Egress, url: Url, config: &OAuthConfig) -> Self {
        let mut form = vec![("grant_type", "client_credentials".to_owned())];
        if !config.scopes.is_empty() {
            form.push(("scope", config.scopes.join(" ")));
        }
        form.extend(config.audience.clone().map(|audience| ("audience", audience)));
        Self {
            egress,
            url,
            client_id: config.client_id.clone(),
            secret: config.secret.clone(),
            form,
            secret_in_body: config.secret_in_body,
        }
    }

    /// Asks for a token.
    pub(super) async fn fetch(&self, secrets: &Arc<dyn Secrets>) -> Result<Token, ToolsError> {
        let secret = secret_of(secrets, &self.secret).await?;
        let begun = Instant::now();
        let mut response = self.egress.send(self.request(&secret)?).await.map_err(ToolsError::inner)?;
        if matches!(response.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
            // The client's secret may have been rotated.
            secrets.refresh(&self.secret).await;
            let newer = secret_of(secrets, &self.secret).await?;
            if newer != secret {
                response = self.egress.send(self.request(&newer)?).await.map_err(ToolsError::inner)?;
            }
        }
        if response.status != StatusCode::OK {
            return Err(self.failed(&format!("{} was its answer", response.status)));
        }
        let answer = response.json().await.map_err(ToolsError::inner)?;
        // What is wrong with it is not told: it holds a token, or nearly one.
        let answer: Answer =
            serde_json::from_value(answer).map_err(|_| self.failed("its answer has no access_token"))?;
        if answer.token_type.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(self.failed("its tokens are no bearer tokens"));
        }
        if answer.access_token.is_empty() {
            return Err(self.failed("its access_token is empty"));
        }
        let life = answer.life();
        let until = begun + life - MARGIN.min(life / 10);
        Ok(Token { secret: Secret::new(answer.access_token), until })
    }

    fn request(&self, secret: &Secret) -> Result<Request, ToolsError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&self.form);
        let mut request = Request::new(Method::POST, self.url.clone());
        if self.secret_in_body {
            form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret.expose());
        } else {
            // The standard has both parts encoded as in a form before they are joined.
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = basic(&encoded(&self.client_id), &Secret::new(encoded(secret.expose())));
            request.secret(AUTHORIZATION, header_value(&self.secret, &format!("Basic {}", pair.expose()))?);
        }
        request.body = Bytes::from(form.finish());
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(request)
    }

    /// The issuer's words may hold anything: what is told is only that there is no token.
    fn failed(&self, why: &str) -> ToolsError {
        let upstream = egress::host_of(&self.url);
        tracing::error!(issuer = upstream, "no token: {why}");
        ToolsError::Upstream {
            upstream,
            message: "it gave no token for this tool".to_owned(),
            retry_after: None,
            source: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::Answer;

    #[test]
    fn a_life_is_a_number_or_the_text_of_one() {
        let life = |said: Value| {
            let answer: Answer =
                serde_json::from_value(json!({"access_token": "t", "expires_in": said})).unwrap();
            answer.life()
        };
        assert_eq!(life(json!(60)), Duration::from_mins(1));
        assert_eq!(life(json!("60")), Duration::from_mins(1));
        assert_eq!(life(json!(1e30)), super::USUAL_LIFE);
        assert_eq!(life(json!(10_000_000)), super::LONGEST_LIFE);
        for odd in [json!(null), json!("soon"), json!(-1), json!("NaN"), json!({})] {
            assert_eq!(life(odd), super::USUAL_LIFE);
        }
    }
}
