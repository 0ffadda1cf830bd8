//! Prompts, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A text that people pick for their agents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptConfig {
    /// How it is shown.
    pub(crate) title: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub(crate) description: String,
    /// The text, with places such as `{name}`.
    pub(crate) text: String,
    /// What stands in the places.
    #[serde(default)]
    pub(crate) arguments: BTreeMap<String, PromptArgumentConfig>,
}

/// What stands in a place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptArgumentConfig {
    /// What it is.
    #[serde(default)]
    pub(crate) description: String,
    /// Whether it may be left out; then nothing stands there.
    #[serde(default)]
    pub(crate) optional: bool,
    /// What it is likely to be, for completion.
    #[serde(default)]
    pub(crate) choices: Vec<String>,
}
