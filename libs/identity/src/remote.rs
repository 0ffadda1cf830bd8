//! How an issuer is asked for its keys. Where that is, its operator has said: the issuer itself, or `jwks_url`, and nobody
//! who calls has a say in it.

use std::time::Duration;

use arguments::Flaw;
use egress::{Egress, EgressOptions, Hosts, Request, check_url, host_of};
use http::{Method, StatusCode};
use ipnet::IpNet;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use url::{Host, Url};

use crate::{
    IdentityError,
    public_key::{self, PublicKey},
};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
const LARGEST: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(4);

/// Where keys are published.
pub(crate) enum Place {
    /// Where the issuer's own document says, on its own host.
    Discovered {
        issuer: String,
        /// The document.
        url: Url,
    },
    /// Here.
    Named(Url),
}

/// The way to one issuer.
pub(crate) struct Remote {
    egress: Egress,
    place: Place,
    accepted: Vec<Algorithm>,
}

impl Place {
    /// Where the keys of this issuer are. The error says what is wrong with a URL, and with which.
    pub(crate) fn of(issuer: &str, named: Option<&str>) -> Result<Self, Flaw> {
        let own = parse(issuer).map_err(|problem| Flaw::new("issuer", problem))?;
        if own.query().is_some() || own.fragment().is_some() {
            return Err(Flaw::new("issuer", "expected a URL without a query"));
        }
        if let Some(named) = named {
            return parse(named).map(Self::Named).map_err(|problem| Flaw::new("jwks_url", problem));
        }
        let discovery = format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
        let url = parse(&discovery).map_err(|problem| Flaw::new("issuer", problem))?;
        Ok(Self::Discovered { issuer: issuer.to_owned(), url })
    }

    fn url(&self) -> &Url {
        match self {
            Self::Discovered { url, .. } | Self::Named(url) => url,
        }
    }
}

fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{error}: expected one such as https://login.example.com"))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url)) {
        return Ok(url);
    }
    Err("expected https, or http to this machine: whoever stands on the way could make tokens".to_owned())
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl Remote {
    /// The way to the keys at this place: to its host alone, to `private` networks where they are named, by TLS whose
    /// certificate `authorities` signed, or one that this system trusts.
    pub(crate) fn new(
        place: Place,
        mut private: Vec<IpNet>,
        authorities: Option<Vec<u8>>,
        accepted: Vec<Algorithm>,
    ) -> Result<Self, IdentityError> {
        let here = is_this_machine(place.url());
        if here {
            private.extend(LOOPBACK.iter().filter_map(|network| network.parse::<IpNet>().ok()));
        }
        let plain = EgressOptions::new(Hosts::only([host_of(place.url())])?);
        let options = EgressOptions {
            private,
            plain_http: here,
            authorities,
            redirects: 0,
            timeout: TIMEOUT,
            max_bytes: LARGEST,
            ..plain
        };
        check_url(place.url().as_str(), &options)?;
        Ok(Self { egress: Egress::new(options)?, place, accepted })
    }

    /// The keys as they are published now.
    pub(crate) async fn keys(&self) -> Result<Vec<PublicKey>, IdentityError> {
        let url = match &self.place {
            Place::Named(url) => url.clone(),
            Place::Discovered { issuer, url } => self.discover(issuer, url).await?,
        };
        let keys = public_key::read(&self.ask(url).await?, &self.accepted);
        if keys.is_empty() {
            return Err(IdentityError::Answer("no key that can verify what is accepted of it".to_owned()));
        }
        Ok(keys)
    }

    async fn discover(&self, issuer: &str, document: &Url) -> Result<Url, IdentityError> {
        let document = self.ask(document.clone()).await?;
        let told = |field: &str| document.get(field).and_then(Value::as_str);
        if told("issuer") != Some(issuer) {
            return Err(IdentityError::Answer(
                "a document of another issuer: is `issuer` written as it is there?".to_owned(),
            ));
        }
        let url = told("jwks_uri").unwrap_or_default();
        check_url(url, self.egress.options()).map_err(|error| {
            IdentityError::Answer(format!(
                "that its keys are where they may not be fetched ({error}): give `jwks_url` if they are to be"
            ))
        })
    }

    async fn ask(&self, url: Url) -> Result<Value, IdentityError> {
        let response = self.egress.send(Request::new(Method::GET, url)).await?;
        if response.status != StatusCode::OK {
            return Err(IdentityError::Answer(response.status.to_string()));
        }
        Ok(response.json().await?)
    }
}
