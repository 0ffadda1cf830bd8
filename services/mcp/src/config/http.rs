//! Tools over a REST API, as they are written.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{AuthConfig, PolicyConfig, Reach, policy::length};

/// An API whose tools are called `NAME_…`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpConfig {
    /// Where it is, with the beginning that all paths share: `https://api.example.com/v2`. Nothing else is reached. Without
    /// it, the first server of the `OpenAPI` document.
    pub(crate) url: Option<String>,
    /// A file with an `OpenAPI` document, beside the file that says so.
    pub(crate) openapi: Option<PathBuf>,
    /// Operations of the document that become tools of their own names.
    #[serde(default)]
    pub(crate) operations: Vec<String>,
    /// Further hosts to which its answers may lead.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
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
    /// How often an answer may lead elsewhere.
    pub(crate) redirects: Option<usize>,
    /// Headers of every request.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// In whose name it is asked.
    pub(crate) auth: Option<AuthConfig>,
    /// The tools, described by hand, or operations of the document under other names or with other words.
    #[serde(default)]
    pub(crate) tools: BTreeMap<String, HttpToolConfig>,
    /// What holds for these tools.
    #[serde(default)]
    pub(crate) policy: PolicyConfig,
}

impl HttpConfig {
    /// How it is reached.
    pub(crate) fn reach(&self) -> Reach<'_> {
        Reach {
            hosts: &self.hosts,
            private: &self.private,
            plain_http: self.plain_http,
            max_bytes: self.max_bytes,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            redirects: self.redirects,
            headers: &self.headers,
            auth: self.auth.as_ref(),
        }
    }
}

/// A tool that is one request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpToolConfig {
    /// The operation of the `OpenAPI` document that describes the request; method, path and what goes into them are its own.
    pub(crate) operation: Option<String>,
    /// Values for arguments of the operation that callers are not asked for.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, Value>,
    /// How it is shown to people.
    pub(crate) title: Option<String>,
    /// What it does and when to use it.
    pub(crate) description: Option<String>,
    /// The method.
    pub(crate) method: Option<String>,
    /// The path below the API's URL, with places for arguments: `/items/{id}`.
    pub(crate) path: Option<String>,
    /// The query: each parameter of it a template.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// Headers: each a template.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// A body of JSON, whose strings are templates.
    pub(crate) body: Option<Value>,
    /// A body of form fields, each a template.
    #[serde(default)]
    pub(crate) form: BTreeMap<String, Value>,
    /// What callers give: a JSON Schema each, and `optional` where it may be left out.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, ParameterConfig>,
    /// What of the answer is handed on, as a `JMESPath` expression.
    pub(crate) result: Option<String>,
    /// The JSON Schema of what is handed on.
    pub(crate) output: Option<Value>,
    /// Whether it changes nothing; `GET` and `HEAD` do not.
    pub(crate) read_only: Option<bool>,
    /// Whether what it changes may be lost.
    pub(crate) destructive: Option<bool>,
    /// Whether it may be asked twice; only then it is tried again.
    pub(crate) idempotent: Option<bool>,
    /// A header in which each call has a word of its own, for APIs that know repeated requests by it.
    pub(crate) idempotency_header: Option<String>,
    /// What the schemas of the parameters refer to, as `#/$defs/NAME`.
    #[serde(skip)]
    pub(crate) definitions: serde_json::Map<String, Value>,
    /// Whether a document describes it: its defaults are what the API does by itself, and are not sent.
    #[serde(skip)]
    pub(crate) is_imported: bool,
}

/// An argument: the schema of its values, and whether it may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ParameterConfig {
    /// Whether it may be left out; one with a `default` may.
    #[serde(default)]
    pub(crate) optional: bool,
    /// What else must be given with it: the other fields of a body that is sent only if there is one of them.
    #[serde(skip)]
    pub(crate) needs: Vec<String>,
    /// The JSON Schema.
    #[serde(flatten)]
    pub(crate) schema: serde_json::Map<String, Value>,
}
