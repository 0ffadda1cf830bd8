//! The tools, before a stand-in for Athena.

use prometheus_client::registry::Registry as Metered;
use runtime::Life;
use serde_json::{Map, Value};
use tools::{Call, Caller, Content, Output, Registry, ToolsError};

use super::fake::{Fake, Script};
use crate::{Assembly, Config, Means};

/// The tools, and what they talk to.
pub(super) struct Stand {
    pub(super) fake: Fake,
    pub(super) tools: Registry,
    _life: Life,
}

impl Stand {
    pub(super) async fn new() -> Self {
        Self::with(Script::default(), "").await
    }

    /// With more settings in `[athena]`.
    pub(super) async fn with(script: Script, more: &str) -> Self {
        let fake = Fake::start(script).await;
        let life = Life::new();
        let tools = tools(&config(&format!("http://{}", fake.address), more), &life).await;
        Self { fake, tools, _life: life }
    }

    /// Calls a tool in the name of `team-a`.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Output, ToolsError> {
        self.tools.call(tool, call("team-a", &arguments)).await
    }

    /// What it answers, which has to be no refusal.
    pub(super) async fn answer(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments).await.unwrap();
        assert!(!answer.is_error, "{answer:?}");
        answer.structured.unwrap()
    }

    /// Why it refuses, which it has to.
    pub(super) async fn refusal(&self, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments).await.unwrap();
        assert!(answer.is_error, "{answer:?}");
        said(&answer)
    }
}

pub(super) fn config(endpoint: &str, more: &str) -> Config {
    let text = format!(
        "[athena]\nregion = \"eu-central-1\"\nendpoint = \"{endpoint}\"\nworkgroup = \"ondol\"\ndatabases = [\"sales\", \"logs_*\"]\n{more}"
    );
    let mut config = Config::parse(&text).unwrap();
    if let Some(athena) = &mut config.athena {
        athena.credentials = Some(("key".to_owned(), "secret".to_owned()));
    }
    config
}

pub(super) async fn tools(config: &Config, life: &Life) -> Registry {
    let means = Means::register(&mut Metered::default(), None);
    let mut assembly = Assembly::of(config, &means).await.unwrap();
    assembly.begin(life);
    let tools = Registry::default();
    tools.replace(assembly.tools);
    tools
}

pub(super) fn call(principal: &str, arguments: &Value) -> Call {
    let arguments: Map<_, _> = arguments.as_object().unwrap().clone();
    Call::new(arguments, Caller::new(principal))
}

/// An answer in words.
pub(super) fn said(answer: &Output) -> String {
    let texts = answer.content.iter().filter_map(|content| match content {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}
