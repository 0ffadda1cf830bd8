//! The file that describes the tools, as it is written.

mod athena;
mod http;
mod policy;
mod prompts;
mod remote;
mod s3;
mod secrets;
mod upstream;
mod webhooks;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use arguments::{SettingsFile, from_toml};
use serde::Deserialize;

pub(crate) use athena::AthenaConfig;
pub(crate) use http::{HttpConfig, HttpToolConfig, ParameterConfig};
pub(crate) use policy::PolicyConfig;
pub(crate) use prompts::PromptConfig;
pub(crate) use remote::{AuthConfig, OAuthConfig, Reach, networks};
pub(crate) use s3::{BucketConfig, S3Config};
pub(crate) use secrets::SecretsConfig;
use tools::Policy;
pub(crate) use upstream::UpstreamConfig;
pub(crate) use webhooks::WebhooksConfig;

use crate::McpError;

/// The file. Every table may be left out, and every field that is not known is an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What holds for every tool that does not say otherwise.
    #[serde(default)]
    pub(crate) policy: PolicyConfig,
    /// Where secrets are.
    #[serde(default)]
    pub(crate) secrets: SecretsConfig,
    /// Tools over S3.
    pub(crate) s3: Option<S3Config>,
    /// Tools over REST APIs, by the beginnings of their names.
    #[serde(default)]
    pub(crate) http: BTreeMap<String, HttpConfig>,
    /// Tools over Athena.
    pub(crate) athena: Option<AthenaConfig>,
    /// Tools of other servers, by the beginnings of their names.
    #[serde(default)]
    pub(crate) upstreams: BTreeMap<String, UpstreamConfig>,
    /// Texts that people pick for their agents, by name.
    #[serde(default)]
    pub(crate) prompts: BTreeMap<String, PromptConfig>,
    /// To whom ends of jobs may be told.
    pub(crate) webhooks: Option<WebhooksConfig>,
    /// What holds for one tool, by its name.
    #[serde(default)]
    pub(crate) tools: BTreeMap<String, PolicyConfig>,
    /// Whether there are none on purpose: a file that describes none by accident takes none away.
    #[serde(default)]
    pub(crate) no_tools: bool,
    /// The folder of the file: what it names lies beside it.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

impl Config {
    /// Reads a file of at most 1 MiB.
    pub fn read(path: &Path) -> Result<Self, McpError> {
        Self::of(&SettingsFile::new("", path))
    }

    /// The same of one that a flag names.
    pub fn of(file: &SettingsFile<'_>) -> Result<Self, McpError> {
        let mut config: Self = from_toml(&file.text()?).map_err(|flaw| file.wrong(flaw))?;
        config.folder = file.path().parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(config)
    }

    /// Whether it describes no tools at all.
    pub(crate) fn is_bare(&self) -> bool {
        self.s3.is_none() && self.athena.is_none() && self.http.is_empty() && self.upstreams.is_empty()
    }

    /// The documents that it names.
    pub(crate) fn documents(&self) -> Vec<PathBuf> {
        let named = self.http.values().filter_map(|api| api.openapi.as_ref());
        named.map(|document| self.folder.join(document)).collect()
    }

    /// The policy of a tool: what is said about it, then about its source, then about all tools.
    pub(crate) fn policy_of(&self, tool: &str, source: &PolicyConfig) -> Result<Policy, McpError> {
        let own = self.tools.get(tool).cloned().unwrap_or_default();
        own.over(&source.over(&self.policy)).policy(tool)
    }

    /// Reads the text of such a file. Errors name the line, and never quote it: it may hold what is nobody's business.
    pub fn parse(text: &str) -> Result<Self, McpError> {
        from_toml(text).map_err(|flaw| McpError::Config(flaw.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, SettingsFile};

    #[test]
    fn an_empty_file_describes_no_tools() {
        let config = Config::parse("").unwrap();
        assert!(config.s3.is_none() && config.tools.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_field_and_its_line() {
        for (text, told) in [
            ("[policy]\ntimeot = \"1s\"", "line 2: policy.timeot: unknown field"),
            ("[policy]\ntimeout = \"soon\"", "line 2: policy.timeout: expected a length of time"),
            (
                "[policy]\nattempts = 0",
                "line 2: policy.attempts: expected a whole number, 1 or more, found 0",
            ),
            ("[s3]\n[s3.buckets.a]\nurl = 3", "line 3: s3.buckets.a.url: expected a string in quotes"),
            ("[s3.buckets.a]\n", "line 1: s3.buckets.a.url: is missing"),
            ("[policy", "line 1: "),
            ("[secrets]\naws = \"hunter2\"", "line 2: secrets.aws: expected a table, found a string"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{text:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_flag_and_the_file_are_told_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tools.toml");
        std::fs::write(&path, "[policy]\nattempts = \"2\"\n").unwrap();
        let told = "line 2: policy.attempts: expected a whole number, 1 or more, found a string";
        let file = SettingsFile::new("--tools", &path);
        let named = format!("--tools {}, {told}", path.display());
        assert_eq!(Config::of(&file).unwrap_err().to_string(), named);
        assert_eq!(Config::read(&path).unwrap_err().to_string(), format!("{}, {told}", path.display()));
    }
}
