//! The prompts of the configuration.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use fault::Violation;
use serde_json::Value;
use tools::{Call, Content, ToolName, ToolsError};

use super::{Prompt, PromptAbout, PromptArgument, PromptMessage};
use crate::{McpError, config::PromptConfig, template::Template};

struct Written {
    about: PromptAbout,
    text: Template,
    choices: BTreeMap<String, Vec<String>>,
}

/// The prompts that are written there, by name.
pub(crate) fn written(configured: &BTreeMap<String, PromptConfig>) -> Result<Vec<Arc<dyn Prompt>>, McpError> {
    configured.iter().map(|(name, prompt)| one(name, prompt)).collect()
}

fn one(name: &str, config: &PromptConfig) -> Result<Arc<dyn Prompt>, McpError> {
    let wrong = |problem: String| McpError::Config(format!("[prompts.{name}] {problem}"));
    // The names of tools fit every client.
    ToolName::new(name).map_err(|error| wrong(error.to_string()))?;
    let text = Template::new(&config.text).map_err(|problem| wrong(format!("text {problem}")))?;
    if let Some(stray) = text.arguments().find(|place| !config.arguments.contains_key(*place)) {
        return Err(wrong(format!("text has a place for {stray}, which is no argument")));
    }
    if let Some(idle) = config.arguments.keys().find(|name| !text.arguments().any(|place| place == *name)) {
        return Err(wrong(format!("text has no place for the argument {idle}")));
    }
    let arguments = config.arguments.iter().map(|(name, argument)| PromptArgument {
        name: name.clone(),
        description: argument.description.clone(),
        required: !argument.optional,
    });
    let about = PromptAbout {
        name: name.to_owned(),
        title: config.title.clone(),
        description: config.description.clone(),
        arguments: arguments.collect(),
    };
    let choices = config.arguments.iter().map(|(name, argument)| (name.clone(), argument.choices.clone()));
    Ok(Arc::new(Written { about, text, choices: choices.collect() }))
}

#[async_trait]
impl Prompt for Written {
    fn about(&self) -> &PromptAbout {
        &self.about
    }

    async fn messages(&self, call: Call) -> Result<Vec<PromptMessage>, ToolsError> {
        let mut given = call.arguments;
        let wrong = |name: &str, problem: &str| {
            ToolsError::invalid(vec![Violation::new(format!("arguments.{name}"), problem)])
        };
        for argument in self.about.arguments.iter().filter(|argument| !argument.required) {
            given.entry(argument.name.clone()).or_insert_with(|| Value::String(String::new()));
        }
        if let Some((name, _)) = given.iter().find(|(_, value)| !value.is_string()) {
            return Err(wrong(name, "must be text"));
        }
        if let Some(argument) =
            self.about.arguments.iter().find(|argument| !given.contains_key(&argument.name))
        {
            return Err(wrong(&argument.name, "is required"));
        }
        let text = self.text.fill(&given).map_err(|unfit| wrong(&unfit.argument, unfit.problem))?;
        Ok(vec![PromptMessage { by_model: false, content: Content::Text(text.unwrap_or_default()) }])
    }

    fn complete(&self, argument: &str, begun: &str) -> Vec<String> {
        let choices = self.choices.get(argument).into_iter().flatten();
        choices.filter(|choice| choice.starts_with(begun)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tools::{Call, Caller, Content};

    use super::written;
    use crate::Config;

    const REVIEW: &str = "[prompts.review]\ntext = \"Review {diff}{focus}\"\n[prompts.review.arguments]\n\
                          diff = {}\nfocus = { optional = true, choices = [\"safety\", \"speed\", \"style\"] }\n";

    async fn said(arguments: serde_json::Value) -> Option<String> {
        let prompt = written(&Config::parse(REVIEW).unwrap().prompts).unwrap().remove(0);
        let call = Call::new(serde_json::from_value(arguments).unwrap(), Caller::new("me"));
        let messages = prompt.messages(call).await.ok()?;
        match &messages[0].content {
            Content::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    #[tokio::test]
    async fn arguments_are_put_into_their_places() {
        assert_eq!(said(json!({"diff": "{focus}", "focus": "!"})).await.unwrap(), "Review {focus}!");
        assert_eq!(said(json!({"diff": "x"})).await.unwrap(), "Review x");
        for wrong in [json!({}), json!({"focus": "x"}), json!({"diff": 3})] {
            assert_eq!(said(wrong.clone()).await, None, "{wrong}");
        }
        let prompt = written(&Config::parse(REVIEW).unwrap().prompts).unwrap().remove(0);
        assert_eq!(prompt.complete("focus", "s").len(), 3);
        assert_eq!(prompt.complete("focus", "sp"), ["speed"]);
        assert!(prompt.complete("diff", "").is_empty());
    }

    #[test]
    fn every_place_is_an_argument_and_every_argument_has_a_place() {
        for (text, said) in [
            ("[prompts.a]\ntext = \"{b}\"", "no argument"),
            ("[prompts.a]\ntext = \"b\"\narguments = { b = {} }", "no place"),
            ("[prompts.\"a b\"]\ntext = \"b\"", "expected 1 to 64"),
            ("[prompts.a]\ntext = \"{\"", "other half"),
        ] {
            let error = written(&Config::parse(text).unwrap().prompts).err().unwrap().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
