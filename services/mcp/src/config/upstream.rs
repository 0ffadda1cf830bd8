//! Tools of another server of the Model Context Protocol, as they are written.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{AuthConfig, PolicyConfig, Reach, policy::length};

/// A server whose tools are called `NAME_…` here.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamConfig {
    /// Where it answers: `https://mcp.example.com/mcp`. Nothing else is reached.
    pub(crate) url: String,
    /// The tools that are offered, as the server calls them, of those that are pinned; without it, all of those.
    pub(crate) tools: Option<Vec<String>>,
    /// What each tool said about itself when somebody looked at it: digests, written by `ondol tools pin`.
    #[serde(default)]
    pub(crate) pins: BTreeMap<String, String>,
    /// Whether what a tool says that it does to the world is believed: only then its answers are kept and its calls are tried
    /// again.
    #[serde(default)]
    pub(crate) trust_hints: bool,
    /// How often its list of tools is looked at.
    #[serde(default, deserialize_with = "length")]
    pub(crate) refresh: Option<Duration>,
    /// Networks that may be reached though they are not public, such as `10.0.0.0/8`.
    #[serde(default)]
    pub(crate) private: Vec<String>,
    /// Whether it may be asked without TLS.
    #[serde(default)]
    pub(crate) plain_http: bool,
    /// The largest answer that is read.
    pub(crate) max_bytes: Option<usize>,
    /// How long connecting may take.
    #[serde(default, deserialize_with = "length")]
    pub(crate) connect_timeout: Option<Duration>,
    /// How long an answer may stand still.
    #[serde(default, deserialize_with = "length")]
    pub(crate) stall_timeout: Option<Duration>,
    /// Headers of every request.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// In whose name it is asked.
    pub(crate) auth: Option<AuthConfig>,
    /// What holds for these tools.
    #[serde(default)]
    pub(crate) policy: PolicyConfig,
}

impl UpstreamConfig {
    /// How it is reached. It never leads elsewhere.
    pub(crate) fn reach(&self) -> Reach<'_> {
        Reach {
            hosts: &[],
            private: &self.private,
            plain_http: self.plain_http,
            max_bytes: self.max_bytes,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            redirects: None,
            headers: &self.headers,
            auth: self.auth.as_ref(),
        }
    }

    /// The same table without what can change while the connection stays.
    pub(crate) fn connection(&self) -> Self {
        Self { policy: PolicyConfig::default(), ..self.clone() }
    }

    /// The tools that are offered once they were seen as they were pinned, each with its pin.
    pub(crate) fn offered(&self) -> impl Iterator<Item = (&str, &str)> {
        let named =
            |name: &str| self.tools.as_ref().is_none_or(|tools| tools.iter().any(|tool| tool == name));
        let pins = self.pins.iter().map(|(name, pin)| (name.as_str(), pin.as_str()));
        pins.filter(move |(name, _)| named(name))
    }

    /// The tools that are wished for.
    pub(crate) fn wished(&self) -> impl Iterator<Item = &str> {
        let pinned = self.pins.keys().filter(|_| self.tools.is_none());
        self.tools.iter().flatten().chain(pinned).map(String::as_str)
    }

    /// The tools that are wished for, and that nobody has looked at yet.
    pub(crate) fn unpinned(&self) -> impl Iterator<Item = &str> {
        let tools = self.tools.iter().flatten().map(String::as_str);
        tools.filter(|tool| !self.pins.contains_key(*tool))
    }
}
