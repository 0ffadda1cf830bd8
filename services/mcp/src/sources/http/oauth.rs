//! Tokens by OAuth's client credentials (RFC 6749, section 4.4).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use egress::{Egress, Request};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use secrets::{Reference, Secret, Secrets};
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use tools::ToolsError;
use url::{Url, form_urlencoded};

use super::auth::{basic, header_value, outside, secret_of};
use crate::config::OAuthConfig;

/// How long a token is good that does not say so.
const USUAL_LIFE: Duration = Duration::from_mins(5);
/// How long before its end a token is no longer used, at most: a tenth of its life where that is less.
const MARGIN: Duration = Duration::from_secs(30);

/// Fetches tokens, and keeps one while it is good.
pub(in crate::sources) struct OAuth {
    egress: Egress,
    url: Url,
    client_id: String,
    secret: Reference,
    form: Vec<(&'static str, String)>,
    secret_in_body: bool,
    /// Who fetches one holds it: the others wait for that one.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    token: Secret,
    until: Instant,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<f64>,
}

impl OAuth {
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
            kept: Mutex::new(None),
        }
    }

    /// The name of the client's secret.
    pub(super) fn secret(&self) -> &Reference {
        &self.secret
    }

    /// A token that is good for a while.
    pub(super) async fn token(&self, secrets: &Arc<dyn Secrets>) -> Result<Secret, ToolsError> {
        let mut kept = self.kept.lock().await;
        if let Some(good) = kept.as_ref().filter(|kept| Instant::now() < kept.until) {
            return Ok(good.token.clone());
        }
        let fetched = self.fetch(secrets).await?;
        Ok(kept.insert(fetched).token.clone())
    }

    /// A token that the API did not take is not used again.
    pub(super) async fn forget(&self, token: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.token == *token) {
            *kept = None;
        }
    }

    async fn fetch(&self, secrets: &Arc<dyn Secrets>) -> Result<Kept, ToolsError> {
        let secret = secret_of(secrets, &self.secret).await?;
        let begun = Instant::now();
        let mut response = self.egress.send(self.request(&secret)?).await.map_err(outside)?;
        if matches!(response.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
            // The client's secret may have been rotated.
            secrets.refresh(&self.secret).await;
            let newer = secret_of(secrets, &self.secret).await?;
            if newer != secret {
                response = self.egress.send(self.request(&newer)?).await.map_err(outside)?;
            }
        }
        if response.status != StatusCode::OK {
            return Err(self.failed(&format!("{} was its answer", response.status)));
        }
        let answer = response.json().await.map_err(outside)?;
        // What is wrong with it is not told: it holds a token, or nearly one.
        let answer: Answer =
            serde_json::from_value(answer).map_err(|_| self.failed("its answer has no access_token"))?;
        if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(self.failed("its tokens are no bearer tokens"));
        }
        let life = answer.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let life = life.unwrap_or(USUAL_LIFE).min(Duration::from_hours(24));
        let until = begun + life - MARGIN.min(life / 10);
        Ok(Kept { token: Secret::new(answer.access_token), until })
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
        let upstream = self.url.host_str().unwrap_or_default().to_owned();
        tracing::error!(issuer = upstream, "no token: {why}");
        ToolsError::Upstream {
            upstream,
            message: "it gave no token for this tool".to_owned(),
            retry_after: None,
            source: None,
        }
    }
}
