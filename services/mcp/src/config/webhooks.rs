//! To whom ends of jobs may be told, as it is written.

use std::time::Duration;

use egress::{EgressOptions, Hosts};
use secrets::Reference;
use serde::Deserialize;

use super::{policy::length, remote::networks};
use crate::McpError;

const TIMEOUT: Duration = Duration::from_secs(15);
/// A worker's place is taken for as long.
const LONGEST: Duration = Duration::from_mins(2);
/// Nobody reads what a receiver answers beside its status.
const ANSWER: usize = 64 << 10;

/// To whom webhooks may go, and how they are signed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhooksConfig {
    /// The secrets that the keys of principals are derived from, by their names: the newest first, older ones while receivers
    /// change over.
    pub(crate) secrets: Vec<Reference>,
    /// Hosts that may be told: names, `*.` and the end of names, or `*` for all of the public internet.
    hosts: Vec<String>,
    /// Networks that may be reached though they are not public, such as `10.0.0.0/8`.
    #[serde(default)]
    private: Vec<String>,
    /// Whether they may be told without TLS.
    #[serde(default)]
    plain_http: bool,
    /// How long one attempt may take.
    #[serde(default, deserialize_with = "length")]
    timeout: Option<Duration>,
    /// How long connecting may take.
    #[serde(default, deserialize_with = "length")]
    connect_timeout: Option<Duration>,
}

impl WebhooksConfig {
    /// The bounds of what is sent; an error names the field.
    pub(crate) fn options(&self) -> Result<EgressOptions, McpError> {
        let wrong = |problem: String| McpError::Config(format!("[webhooks] {problem}"));
        if self.secrets.is_empty() {
            return Err(wrong("secrets: name the secret that webhooks are signed with".to_owned()));
        }
        let hosts = if self.hosts.iter().any(|host| host == "*") {
            Hosts::Public
        } else {
            Hosts::only(self.hosts.iter().cloned()).map_err(|error| wrong(format!("hosts: {error}")))?
        };
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        if timeout > LONGEST {
            return Err(wrong(format!("timeout: must be {} s or less", LONGEST.as_secs())));
        }
        let plain = EgressOptions::new(hosts);
        Ok(EgressOptions {
            private: networks(&self.private).map_err(wrong)?,
            plain_http: self.plain_http,
            connect_timeout: self.connect_timeout.unwrap_or(plain.connect_timeout),
            stall_timeout: timeout,
            timeout,
            redirects: 0,
            max_bytes: ANSWER,
            ..plain
        })
    }
}

#[cfg(test)]
mod tests {
    use egress::Hosts;

    use super::WebhooksConfig;

    fn read(text: &str) -> WebhooksConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_star_is_the_public_internet_and_nothing_private() {
        let options = read("secrets = [\"a\"]\nhosts = [\"*\"]").options().unwrap();
        assert_eq!((options.hosts, options.redirects, options.plain_http), (Hosts::Public, 0, false));
        assert!(options.private.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, said) in [
            ("secrets = []\nhosts = [\"*\"]", "secrets"),
            ("secrets = [\"a\"]\nhosts = [\"http://a\"]", "hosts"),
            ("secrets = [\"a\"]\nhosts = [\"*\"]\nprivate = [\"x\"]", "private"),
            ("secrets = [\"a\"]\nhosts = [\"*\"]\ntimeout = \"10m\"", "timeout"),
        ] {
            let error = read(text).options().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
