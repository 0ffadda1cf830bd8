//! What a tool asks back, and what its caller has said so far.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use crate::{Schema, ToolsError};

/// Something that a tool has to know from its caller before it can go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Tells it from the others of one call.
    pub id: String,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A person fills in a form.
    Form {
        /// What the person is told.
        message: String,
        /// The JSON Schema of what they fill in: an object of plain fields.
        schema: Value,
    },
    /// The caller's model goes on from a text.
    Text {
        /// The text.
        prompt: String,
        /// How long its answer may be.
        max_tokens: u32,
    },
    /// The folders that the caller works in.
    Roots,
}

/// What a caller can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Has people who fill in forms.
    pub form: bool,
    /// Has a model.
    pub text: bool,
    /// Has folders.
    pub roots: bool,
}

impl Abilities {
    /// Whether this can be asked.
    pub fn allow(self, ask: &Ask) -> bool {
        match ask {
            Ask::Form { .. } => self.form,
            Ask::Text { .. } => self.text,
            Ask::Roots => self.roots,
        }
    }
}

/// What is asked, and what the tool has to find again when it is called with the answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Each of them; none where the caller only has to call again.
    pub questions: Vec<Question>,
    /// What the tool has found out until here. It comes back as it is, or the call is refused.
    pub state: Option<String>,
}

/// What was said in a call before this one. Nobody can be asked by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dialogue {
    /// What the caller can be asked.
    pub abilities: Abilities,
    /// What was answered, by question. Text from strangers: [`Dialogue::reply`] checks it.
    pub answers: BTreeMap<String, Value>,
    /// What the tool had put into [`Questions::state`].
    pub state: Option<String>,
}

/// What was answered to one question.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply<'a> {
    /// The form, filled in as its schema wants.
    Form(&'a Map<String, Value>),
    /// The person does not want to fill it in.
    Declined,
    /// What the model said.
    Text(&'a str),
    /// The folders, as URIs.
    Roots(Vec<&'a str>),
}

impl Dialogue {
    /// The answer to this question, if there is one that fits it. Where there is none, ask (again).
    pub fn reply(&self, question: &Question) -> Option<Reply<'_>> {
        let answer = self.answers.get(&question.id)?;
        match &question.ask {
            Ask::Form { schema, .. } => filled(answer, schema),
            Ask::Text { .. } => answer.pointer("/content/text").and_then(Value::as_str).map(Reply::Text),
            Ask::Roots => {
                let roots = answer.get("roots")?.as_array()?;
                roots.iter().map(|root| root.get("uri")?.as_str()).collect::<Option<_>>().map(Reply::Roots)
            }
        }
    }
}

fn filled<'a>(answer: &'a Value, schema: &Value) -> Option<Reply<'a>> {
    match answer.get("action")?.as_str()? {
        "accept" => {
            let content = answer.get("content")?;
            let fits =
                Schema::new(schema.clone()).is_ok_and(|schema| schema.problem("answer", content).is_none());
            content.as_object().filter(|_| fits).map(Reply::Form)
        }
        "decline" | "cancel" => Some(Reply::Declined),
        _ => None,
    }
}

impl From<Questions> for ToolsError {
    fn from(questions: Questions) -> Self {
        Self::Asks(Arc::new(questions))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Ask, Dialogue, Question, Reply};

    fn said(ask: Ask, answer: Value) -> Option<String> {
        let dialogue = Dialogue { answers: [("q".to_owned(), answer)].into(), ..Dialogue::default() };
        dialogue.reply(&Question { id: "q".into(), ask }).map(|reply| match reply {
            Reply::Form(fields) => Value::Object(fields.clone()).to_string(),
            Reply::Declined => "declined".to_owned(),
            Reply::Text(text) => text.to_owned(),
            Reply::Roots(roots) => roots.join(" "),
        })
    }

    #[test]
    fn an_answer_counts_only_if_it_fits_its_question() {
        let schema =
            json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
        let form = || Ask::Form { message: "Who?".into(), schema: schema.clone() };
        let named = json!({"action": "accept", "content": {"name": "Ann"}});
        assert_eq!(said(form(), named).unwrap(), r#"{"name":"Ann"}"#);
        assert_eq!(said(form(), json!({"action": "decline"})).unwrap(), "declined");
        for wrong in [
            json!(12345),
            json!(null),
            json!({"action": "accept"}),
            json!({"action": "accept", "content": {"name": 3}}),
            json!({"action": "accept", "content": [1]}),
            json!({"action": "run"}),
        ] {
            assert_eq!(said(form(), wrong.clone()), None, "{wrong}");
        }
        let text = || Ask::Text { prompt: "Hi".into(), max_tokens: 3 };
        assert_eq!(said(text(), json!({"content": {"type": "text", "text": "Ho"}})).unwrap(), "Ho");
        assert_eq!(said(text(), json!({"content": []})), None);
        assert_eq!(said(Ask::Roots, json!({"roots": [{"uri": "file:///a"}]})).unwrap(), "file:///a");
        assert_eq!(said(Ask::Roots, json!({"roots": [{}]})), None);
    }
}
