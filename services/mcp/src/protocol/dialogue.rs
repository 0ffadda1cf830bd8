//! What tools and prompts ask back, in the protocol's words.

use rmcp::{
    ErrorData,
    model::{ClientCapabilities, InputRequest, InputRequests, InputRequiredResult, InputResponses},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tools::{Abilities, Ask, Caller, Dialogue, Question, Questions};

use super::{asker::Asker, seal::Seal};

/// What is talked about: whose state this is, and for which call. The state of one call is none for another.
pub(super) struct Topic(String);

impl Topic {
    pub(super) fn of(
        caller: &Caller,
        kind: &str,
        name: &str,
        arguments: Option<&Map<String, Value>>,
    ) -> Self {
        let mut asked = json!([&*caller.principal, kind, name, arguments]);
        asked.sort_all_objects();
        Self(hex::encode(Sha256::digest(asked.to_string())))
    }

    /// What was said until here.
    pub(super) fn dialogue(
        &self,
        seal: &Seal,
        asker: &Asker,
        answers: Option<InputResponses>,
        state: Option<&str>,
    ) -> Result<Dialogue, ErrorData> {
        let state = state.map(|state| seal.reopen(&self.0, state)).transpose()?;
        Ok(Dialogue { abilities: asker.abilities, answers: answers.unwrap_or_default(), state })
    }

    /// What is asked, if the caller can be asked it.
    pub(super) fn required(
        &self,
        seal: &Seal,
        abilities: Abilities,
        asked: &Questions,
    ) -> Result<InputRequiredResult, ErrorData> {
        let requests = requests(abilities, &asked.questions)?;
        let requests = (!requests.is_empty()).then_some(requests);
        let state = asked.state.as_deref().map(|state| seal.close(&self.0, state));
        if requests.is_none() && state.is_none() {
            return Err(ErrorData::internal_error("a tool has asked nothing", None));
        }
        Ok(InputRequiredResult::new(requests, state))
    }
}

/// The questions, by their ids. Whoever cannot be asked one of them is told which ability they lack.
pub(super) fn requests(abilities: Abilities, questions: &[Question]) -> Result<InputRequests, ErrorData> {
    if let Some(beyond) = questions.iter().find(|question| !abilities.allow(&question.ask)) {
        return Err(ErrorData::missing_required_client_capability(needed(&beyond.ask)?));
    }
    questions.iter().map(|question| Ok((question.id.clone(), request(&question.ask)?))).collect()
}

fn needed(ask: &Ask) -> Result<ClientCapabilities, ErrorData> {
    read(match ask {
        Ask::Form { .. } => json!({"elicitation": {}}),
        Ask::Text { .. } => json!({"sampling": {}}),
        Ask::Roots => json!({"roots": {}}),
    })
}

fn request(ask: &Ask) -> Result<InputRequest, ErrorData> {
    read(match ask {
        Ask::Form { message, schema } => json!({
            "method": "elicitation/create",
            "params": {"mode": "form", "message": message, "requestedSchema": schema},
        }),
        Ask::Text { prompt, max_tokens } => json!({
            "method": "sampling/createMessage",
            "params": {
                "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}],
                "maxTokens": max_tokens,
            },
        }),
        Ask::Roots => json!({"method": "roots/list", "params": {}}),
    })
}

/// A question that cannot be put is the tool's fault.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| {
        tracing::error!("a tool asks what the protocol cannot: {error}");
        ErrorData::internal_error("a tool asks what the protocol cannot", None)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tools::{Abilities, Ask, Question};

    use super::requests;

    #[test]
    fn nobody_is_asked_what_they_cannot_answer() {
        let question = |id: &str, ask| Question { id: id.into(), ask };
        let all = [
            question(
                "who",
                Ask::Form { message: "Who?".into(), schema: json!({"type": "object", "properties": {}}) },
            ),
            question("what", Ask::Text { prompt: "What?".into(), max_tokens: 9 }),
            question("where", Ask::Roots),
        ];
        let everything = Abilities { form: true, text: true, roots: true };
        let asked = serde_json::to_value(requests(everything, &all).unwrap()).unwrap();
        assert_eq!(asked["who"]["method"], "elicitation/create");
        assert_eq!(asked["what"]["params"]["maxTokens"], 9);
        assert_eq!(asked["where"]["method"], "roots/list");
        let refused = requests(Abilities { text: false, ..everything }, &all).unwrap_err();
        assert_eq!(refused.code.0, -32021);
        assert_eq!(refused.data.unwrap()["requiredCapabilities"], json!({"sampling": {}}));
    }
}
