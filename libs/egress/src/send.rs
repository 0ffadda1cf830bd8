//! Sends requests, and follows where answers lead, one checked step at a time.

use std::{
    error::Error,
    io::{self, ErrorKind},
    sync::Arc,
    time::Duration,
};

use http::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};
use reqwest::{Certificate, Client, ClientBuilder, redirect};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    EgressError, EgressOptions, Request, Response,
    resolver::{Guarded, Lookup, system},
    target::{check, host_of},
};

/// The way out. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client,
    options: Arc<EgressOptions>,
}

impl Egress {
    /// A way out within these options.
    pub fn new(options: EgressOptions) -> Result<Self, EgressError> {
        Self::resolving(options, system())
    }

    pub(crate) fn resolving(options: EgressOptions, lookup: Lookup) -> Result<Self, EgressError> {
        let resolver = Guarded { lookup, private: options.private.clone() };
        let client = trusting(Client::builder(), &options)?
            .dns_resolver(Arc::new(resolver))
            // A proxy would look names up by itself.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.stall_timeout)
            .referer(false)
            .user_agent(concat!("ondol/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| EgressError::Setting(format!("the HTTP client cannot be built: {error}")))?;
        Ok(Self { client, options: Arc::new(options) })
    }

    /// The bounds of its requests.
    pub fn options(&self) -> &EgressOptions {
        &self.options
    }

    /// Sends a request. An answer with any status is an answer.
    pub async fn send(&self, request: Request) -> Result<Response, EgressError> {
        let until = Instant::now() + self.options.timeout;
        let (mut request, mut left) = (request, self.options.redirects);
        loop {
            check(&request.url, &self.options)?;
            let first = left == self.options.redirects;
            let response =
                self.once(&request, until).await.map_err(|error| if first { error } else { heard(error) })?;
            let Some(next) = redirection(&response, &request) else { return Ok(response) };
            if left == 0 {
                return Err(EgressError::Redirects { host: response.host, limit: self.options.redirects });
            }
            left -= 1;
            request = next?;
        }
    }

    async fn once(&self, request: &Request, until: Instant) -> Result<Response, EgressError> {
        let (host, timeout) = (host_of(&request.url), self.options.timeout);
        let sending = self
            .client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send();
        let Ok(sent) = timeout_at(until, sending).await else {
            return Err(EgressError::TimedOut { host, limit: timeout });
        };
        let inner = sent.map_err(|error| explained(error, &host, timeout))?;
        let (status, headers) = (inner.status(), inner.headers().clone());
        Ok(Response { status, headers, host, inner, limit: self.options.max_bytes, read: 0, until, timeout })
    }
}

/// A client that trusts the options' authorities.
fn trusting(builder: ClientBuilder, options: &EgressOptions) -> Result<ClientBuilder, EgressError> {
    let Some(pem) = &options.authorities else { return Ok(builder) };
    let read = Certificate::from_pem_bundle(pem);
    let authorities =
        read.map_err(|error| EgressError::Setting(format!("the authorities cannot be read: {error}")))?;
    if authorities.is_empty() {
        return Err(EgressError::Setting("there is no certificate among the authorities".to_owned()));
    }
    Ok(builder.tls_certs_only(authorities))
}

/// The error of a request that follows another one: whoever has led on may have done what was asked.
fn heard(error: EgressError) -> EgressError {
    match error {
        EgressError::Unreachable { host, source, .. } => {
            EgressError::Unreachable { host, unheard: false, source }
        }
        other => other,
    }
}

/// Where an answer leads, if it leads somewhere.
fn redirection(response: &Response, request: &Request) -> Option<Result<Request, EgressError>> {
    let keeps_method = match response.status {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
        _ => return None,
    };
    let location = response.headers.get(LOCATION)?;
    // Browsers would go on with a GET. Whoever wanted something done would take its answer for the thing done.
    let is_asking = matches!(request.method, Method::GET | Method::HEAD);
    if !is_asking && matches!(response.status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND) {
        return Some(Err(EgressError::Moved { host: response.host.clone(), method: request.method.clone() }));
    }
    let target = location.to_str().ok().and_then(|text| request.url.join(text).ok());
    let Some(url) = target else {
        return Some(Err(EgressError::NotWhatItSays {
            host: response.host.clone(),
            expected: "URL to go on to",
            source: "its location cannot be read".into(),
        }));
    };
    Some(Ok(next(request, url, keeps_method)))
}

/// The request as it goes on. What is secret stays with the origin that it was meant for.
fn next(request: &Request, url: Url, keeps_method: bool) -> Request {
    let mut next = request.clone();
    if url.origin() != request.url.origin() {
        next.headers = public(&request.headers);
    }
    if !keeps_method && request.method != Method::HEAD {
        next.method = Method::GET;
        next.body.clear();
        next.headers.remove(CONTENT_TYPE);
        next.headers.remove(CONTENT_LENGTH);
    }
    next.url = url;
    next
}

fn public(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, value)| !value.is_sensitive() && **name != AUTHORIZATION);
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What the client said, as one of our errors. URLs are taken out of it: they may hold secrets.
pub(crate) fn explained(error: reqwest::Error, host: &str, limit: Duration) -> EgressError {
    let host = host.to_owned();
    if let Some(refusal) = refusal(&error) {
        return EgressError::Address { host, refusal };
    }
    if error.is_timeout() {
        return EgressError::TimedOut { host, limit };
    }
    // A body that was cut is told as one that cannot be decoded, too.
    if error.is_decode() && is_about_encoding(&error) {
        let source = Box::new(error.without_url());
        return EgressError::NotWhatItSays { host, expected: "body in its encoding", source };
    }
    EgressError::Unreachable { host, unheard: error.is_connect(), source: Box::new(error.without_url()) }
}

/// Whether the decoder itself complained, somewhere down in the causes.
fn is_about_encoding(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(ErrorKind::InvalidData | ErrorKind::InvalidInput)) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether our own resolver refused, somewhere down in the causes.
fn refusal(error: &reqwest::Error) -> Option<crate::Refusal> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(EgressError::Address { refusal, .. }) = error.downcast_ref() {
            return Some(*refusal);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests;
