//! Somebody else's server: where it is, how it is reached, and in whose name.
//!
//! - `auth` and `oauth` say in whose name it is asked.
//!
//! Everything goes out through `egress`, which decides what may be reached.

mod auth;
mod oauth;

use std::sync::Arc;

use egress::{Egress, EgressOptions, Hosts};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrets::Secrets;
use url::Url;

pub(crate) use self::auth::Given;
use self::{auth::Auth, oauth::OAuth};
use crate::config::{AuthConfig, OAuthConfig, Reach, networks};

/// The longest that any request takes; how long one attempt may is said by the tool's policy.
const LONGEST: std::time::Duration = std::time::Duration::from_hours(1);
/// The largest answer that may be asked for.
const LARGEST: usize = 64 << 20;

/// Somebody else's server.
pub(crate) struct Remote {
    /// As breakers and metrics name it: the host, and its port where that is not the usual one.
    pub(crate) name: String,
    pub(crate) base: Url,
    pub(crate) egress: Egress,
    pub(crate) auth: Auth,
    pub(crate) headers: HeaderMap,
    pub(crate) secrets: Arc<dyn Secrets>,
}

impl Remote {
    /// What configuration says; the error names the field. Nothing is asked yet.
    pub(crate) fn open(text: &str, reach: Reach<'_>, secrets: Arc<dyn Secrets>) -> Result<Self, String> {
        let base = url("url", text)?;
        let options = options(reach, &base, reach.hosts)?;
        egress::check_url(base.as_str(), &options).map_err(|error| format!("url: {error}"))?;
        let egress = Egress::new(options).map_err(|error| error.to_string())?;
        let auth = match reach.auth {
            None => Auth::Nobody,
            Some(auth) => match &auth.oauth {
                Some(oauth) => Auth::OAuth(tokens(reach, auth, oauth)?),
                None => Auth::new(auth)?,
            },
        };
        Ok(Self { name: egress::host_of(&base), base, egress, auth, headers: headers(reach)?, secrets })
    }

    /// Whether it is asked in somebody's name.
    pub(crate) fn is_authenticated(&self) -> bool {
        self.auth.is_some()
    }
}

/// How tokens are fetched: by a way out of their own, so that the API cannot lead to the issuer nor the issuer to the API.
fn tokens(reach: Reach<'_>, auth: &AuthConfig, oauth: &OAuthConfig) -> Result<OAuth, String> {
    if auth.header.is_some() || auth.query.is_some() || auth.user.is_some() || auth.secret.is_some() {
        return Err("auth: expected one of header, query, user and oauth".to_owned());
    }
    let issuer = url("auth.oauth.token_url", &oauth.token_url)?;
    let options = EgressOptions { redirects: 0, ..options(reach, &issuer, &[])? };
    egress::check_url(issuer.as_str(), &options).map_err(|error| format!("auth.oauth.token_url: {error}"))?;
    let egress = Egress::new(options).map_err(|error| error.to_string())?;
    Ok(OAuth::new(egress, issuer, oauth))
}

fn options(reach: Reach<'_>, url: &Url, more: &[String]) -> Result<EgressOptions, String> {
    let hosts = Hosts::only(std::iter::once(egress::host_of(url)).chain(more.iter().cloned()));
    let hosts = hosts.map_err(|error| format!("hosts: {error}"))?;
    let plain = EgressOptions::new(hosts);
    let max_bytes = reach.max_bytes.unwrap_or(plain.max_bytes);
    if max_bytes > LARGEST {
        return Err(format!("max_bytes: must be {LARGEST} or less: an answer is held in memory"));
    }
    Ok(EgressOptions {
        private: networks(reach.private)?,
        plain_http: reach.plain_http,
        connect_timeout: reach.connect_timeout.unwrap_or(plain.connect_timeout),
        stall_timeout: reach.stall_timeout.unwrap_or(plain.stall_timeout),
        timeout: LONGEST,
        redirects: reach.redirects.unwrap_or(plain.redirects).min(10),
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

fn headers(reach: Reach<'_>) -> Result<HeaderMap, String> {
    let headers = reach
        .headers
        .iter()
        .map(|(name, value)| egress::header(name, value).map_err(|error| format!("headers.{name}: {error}")));
    headers.collect::<Result<Vec<(HeaderName, HeaderValue)>, _>>().map(HeaderMap::from_iter)
}
