//! Prompts in the protocol's words.

use std::sync::Arc;

use contract::Page;
use rmcp::{
    ErrorData,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResponse,
        GetPromptResult, ListPromptsResult, Prompt as Listed, PromptArgument, PromptMessage, Reference, Role,
    },
};
use tools::ToolsError;

use super::{answer, asker::Asker, dialogue::Topic, server::Server};
use crate::prompts::Prompt;

impl Server {
    pub(super) fn prompts(&self, cursor: &str) -> Result<ListPromptsResult, ErrorData> {
        let page = Page::new(0, cursor).map_err(|error| answer::refused(&error))?;
        let mut prompts = self.faces.prompts.load().as_ref().clone();
        prompts.sort_by(|one, other| one.about().name.cmp(&other.about().name));
        let (prompts, next) = page.of(prompts, |prompt| prompt.about().name.as_str());
        let listed = prompts.iter().map(|prompt| listed(prompt.as_ref()));
        let mut list = ListPromptsResult::with_all_items(listed.collect());
        list.next_cursor = (!next.is_empty()).then_some(next);
        Ok(list)
    }

    pub(super) async fn prompt(
        &self,
        asked: GetPromptRequestParams,
        asker: &Asker,
    ) -> Result<GetPromptResponse, ErrorData> {
        let prompt = self.find_prompt(&asked.name)?;
        let topic = Topic::of(&asker.caller, "prompt", &asked.name, asked.arguments.as_ref());
        let dialogue =
            topic.dialogue(&self.seal, asker, asked.input_responses, asked.request_state.as_deref())?;
        let mut call = asker.call(asked.arguments.unwrap_or_default());
        call.dialogue = dialogue;
        let messages = match prompt.messages(call).await {
            Ok(messages) => messages,
            Err(ToolsError::Asks(asks)) => {
                return Ok(topic.required(&self.seal, asker.abilities, &asks)?.into());
            }
            Err(error) => return Err(answer::failed(&error)),
        };
        let messages = messages.into_iter().map(|message| {
            let role = if message.by_model { Role::Assistant } else { Role::User };
            PromptMessage::new(role, answer::block(message.content))
        });
        let mut got = GetPromptResult::new(messages.collect());
        got.description = Some(prompt.about().description.clone());
        Ok(got.into())
    }

    /// What an argument may be. Of what is no prompt nothing is known, which is no error.
    pub(super) fn completion(&self, asked: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
        let mut values = match &asked.r#ref {
            Reference::Prompt(prompt) => {
                self.find_prompt(&prompt.name)?.complete(&asked.argument.name, &asked.argument.value)
            }
            _ => Vec::new(),
        };
        let total = values.len() as u32;
        values.truncate(CompletionInfo::MAX_VALUES);
        let has_more = total as usize > values.len();
        let completion = CompletionInfo::with_pagination(values, Some(total), has_more);
        completion.map(CompleteResult::new).map_err(|problem| ErrorData::internal_error(problem, None))
    }

    fn find_prompt(&self, name: &str) -> Result<Arc<dyn Prompt>, ErrorData> {
        let prompts = self.faces.prompts.load();
        let found = prompts.iter().find(|prompt| prompt.about().name == name);
        found.cloned().ok_or_else(|| {
            ErrorData::invalid_params("there is no such prompt: ask for the list of prompts", None)
        })
    }
}

fn listed(prompt: &dyn Prompt) -> Listed {
    let about = prompt.about();
    let arguments = about.arguments.iter().map(|argument| {
        PromptArgument::new(argument.name.clone())
            .with_description(argument.description.clone())
            .with_required(argument.required)
    });
    let mut listed = Listed::new(&about.name, Some(&about.description), Some(arguments.collect()));
    listed.title.clone_from(&about.title);
    listed
}
