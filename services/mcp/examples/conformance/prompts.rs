//! The suite's prompts.

use std::sync::Arc;

use async_trait::async_trait;
use mcp::{Prompt, PromptAbout, PromptArgument, PromptMessage};
use tools::{Call, Content, ToolsError};

use crate::{
    asking::{form, said},
    content::image,
    script::text,
};

type Says = fn(&Call) -> Result<Vec<Content>, ToolsError>;

struct Fixture {
    about: PromptAbout,
    says: Says,
}

pub(crate) fn prompts() -> Vec<Arc<dyn Prompt>> {
    vec![
        prompt("test_simple_prompt", &[], |_| {
            Ok(vec![Content::Text("This is a simple prompt for testing.".to_owned())])
        }),
        prompt("test_prompt_with_arguments", &["arg1", "arg2"], |call| {
            let (one, two) = (text(call, "arg1"), text(call, "arg2"));
            Ok(vec![Content::Text(format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))])
        }),
        prompt("test_prompt_with_embedded_resource", &["resourceUri"], |call| {
            let resource = Content::Resource {
                uri: text(call, "resourceUri"),
                media_type: "text/plain".to_owned(),
                data: "Embedded resource content for testing.".into(),
            };
            Ok(vec![resource, Content::Text("Please process the embedded resource above.".to_owned())])
        }),
        prompt("test_prompt_with_image", &[], |_| {
            Ok(vec![image(), Content::Text("Please analyze the image above.".to_owned())])
        }),
        prompt("test_input_required_result_prompt", &[], |call| {
            let context = form("user_context", "What context should the prompt use?", "context", "string");
            let said = said(&call.dialogue, vec![context], None)?.concat();
            Ok(vec![Content::Text(format!("In the context of {said}."))])
        }),
    ]
}

fn prompt(name: &str, arguments: &[&str], says: Says) -> Arc<dyn Prompt> {
    let arguments = arguments.iter().map(|name| PromptArgument {
        name: (*name).to_owned(),
        description: "An argument of the suite.".to_owned(),
        required: true,
    });
    let about = PromptAbout {
        name: name.to_owned(),
        title: None,
        description: "A prompt of the suite.".to_owned(),
        arguments: arguments.collect(),
    };
    Arc::new(Fixture { about, says })
}

#[async_trait]
impl Prompt for Fixture {
    fn about(&self) -> &PromptAbout {
        &self.about
    }

    async fn messages(&self, call: Call) -> Result<Vec<PromptMessage>, ToolsError> {
        let said = (self.says)(&call)?;
        Ok(said.into_iter().map(|content| PromptMessage { by_model: false, content }).collect())
    }

    fn complete(&self, _argument: &str, begun: &str) -> Vec<String> {
        let known = ["paris", "park", "party"];
        known.into_iter().filter(|word| word.starts_with(begun)).map(str::to_owned).collect()
    }
}
