//! An API: where it is, and how it is reached.

use std::sync::Arc;

use egress::{Egress, EgressOptions, Hosts};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrets::Secrets;
use url::Url;

use super::{auth::Auth, oauth::OAuth};
use crate::config::{AuthConfig, HttpConfig, OAuthConfig};

/// The longest that any request takes; how long one attempt may is said by the tool's policy.
const LONGEST: std::time::Duration = std::time::Duration::from_hours(1);
/// The largest answer that may be asked for.
const LARGEST: usize = 64 << 20;

/// An API.
pub(in crate::sources) struct Upstream {
    /// As breakers and metrics name it: the host, and its port where that is not the usual one.
    pub(in crate::sources) name: String,
    pub(in crate::sources) base: Url,
    pub(in crate::sources) egress: Egress,
    pub(in crate::sources) auth: Auth,
    pub(in crate::sources) headers: HeaderMap,
    pub(in crate::sources) secrets: Arc<dyn Secrets>,
}

impl Upstream {
    /// What configuration says; the error names the field. Nothing is asked yet.
    pub(in crate::sources) fn open(
        text: &str,
        config: &HttpConfig,
        secrets: Arc<dyn Secrets>,
    ) -> Result<Self, String> {
        let base = url("url", text)?;
        let options = options(config, &base, &config.hosts)?;
        egress::check_url(base.as_str(), &options).map_err(|error| format!("url: {error}"))?;
        let egress = Egress::new(options).map_err(|error| error.to_string())?;
        let auth = match &config.auth {
            None => Auth::Nobody,
            Some(auth) => match &auth.oauth {
                Some(oauth) => Auth::OAuth(tokens(config, auth, oauth)?),
                None => Auth::new(auth)?,
            },
        };
        Ok(Self { name: name_of(&base), base, egress, auth, headers: headers(config)?, secrets })
    }

    pub(super) fn is_authenticated(&self) -> bool {
        self.auth.is_some()
    }
}

/// How tokens are fetched: by a way out of their own, so that the API cannot lead to the issuer nor the issuer to the API.
fn tokens(config: &HttpConfig, auth: &AuthConfig, oauth: &OAuthConfig) -> Result<OAuth, String> {
    if auth.header.is_some() || auth.query.is_some() || auth.user.is_some() || auth.secret.is_some() {
        return Err("auth: expected one of header, query, user and oauth".to_owned());
    }
    let issuer = url("auth.oauth.token_url", &oauth.token_url)?;
    let options = EgressOptions { redirects: 0, ..options(config, &issuer, &[])? };
    egress::check_url(issuer.as_str(), &options).map_err(|error| format!("auth.oauth.token_url: {error}"))?;
    let egress = Egress::new(options).map_err(|error| error.to_string())?;
    Ok(OAuth::new(egress, issuer, oauth))
}

fn options(config: &HttpConfig, url: &Url, more: &[String]) -> Result<EgressOptions, String> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let hosts = Hosts::only(std::iter::once(host).chain(more.iter().cloned()));
    let hosts = hosts.map_err(|error| format!("hosts: {error}"))?;
    let networks = config.private.iter().map(|text| {
        text.parse().map_err(|_| format!("private: {text:?} is no network; expected one such as 10.0.0.0/8"))
    });
    let plain = EgressOptions::new(hosts);
    let max_bytes = config.max_bytes.unwrap_or(plain.max_bytes);
    if max_bytes > LARGEST {
        return Err(format!("max_bytes: must be {LARGEST} or less: an answer is held in memory"));
    }
    Ok(EgressOptions {
        private: networks.collect::<Result<_, String>>()?,
        plain_http: config.plain_http,
        connect_timeout: config.connect_timeout.unwrap_or(plain.connect_timeout),
        stall_timeout: config.stall_timeout.unwrap_or(plain.stall_timeout),
        timeout: LONGEST,
        redirects: config.redirects.unwrap_or(plain.redirects).min(10),
        max_bytes,
        ..plain
    })
}

fn url(field: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{field}: {error}: expected one such as https://api.example.com/v2"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{field}: must not hold a user or a password; see auth"));
    }
    if url.fragment().is_some() {
        return Err(format!("{field}: must not have a fragment"));
    }
    Ok(url)
}

fn headers(config: &HttpConfig) -> Result<HeaderMap, String> {
    let headers = config
        .headers
        .iter()
        .map(|(name, value)| egress::header(name, value).map_err(|error| format!("headers.{name}: {error}")));
    headers.collect::<Result<Vec<(HeaderName, HeaderValue)>, _>>().map(HeaderMap::from_iter)
}

fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
