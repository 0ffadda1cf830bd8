//! Tools that ask back before they answer.

use serde_json::{Value, json};
use tools::{Ask, Call, Dialogue, Output, Question, Questions, Reply, ToolsError};

use crate::script::Script;

pub(crate) fn form(id: &str, message: &str, field: &str, kind: &str) -> Question {
    let schema = json!({"type": "object", "properties": {field: {"type": kind}}, "required": [field]});
    Question { id: id.to_owned(), ask: Ask::Form { message: message.to_owned(), schema } }
}

fn sample(id: &str, prompt: &str, max_tokens: u32) -> Question {
    Question { id: id.to_owned(), ask: Ask::Text { prompt: prompt.to_owned(), max_tokens } }
}

fn roots(id: &str) -> Question {
    Question { id: id.to_owned(), ask: Ask::Roots }
}

pub(crate) fn ask(questions: Vec<Question>, state: Option<&str>) -> ToolsError {
    Questions { questions, state: state.map(str::to_owned) }.into()
}

/// What was said to all of these, or the question anew.
pub(crate) fn said(
    dialogue: &Dialogue,
    questions: Vec<Question>,
    state: Option<&str>,
) -> Result<Vec<String>, ToolsError> {
    let replies: Option<Vec<_>> = questions.iter().map(|question| dialogue.reply(question)).collect();
    let Some(replies) = replies else { return Err(ask(questions, state)) };
    Ok(replies.into_iter().map(words).collect())
}

fn words(reply: Reply<'_>) -> String {
    match reply {
        Reply::Form(fields) => {
            let values = fields.values().map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
            values.collect::<Vec<_>>().join(", ")
        }
        Reply::Declined => "nobody".to_owned(),
        Reply::Text(text) => text.to_owned(),
        Reply::Roots(roots) => roots.join(", "),
    }
}

/// Asks these once.
fn once(
    name: &'static str,
    state: Option<&'static str>,
    questions: impl Fn() -> Vec<Question> + Send + Sync + 'static,
) -> Script {
    Script::new(name, move |call: Call| {
        let said = said(&call.dialogue, questions(), state);
        async move {
            let said = said?.join("; ");
            // What comes back is what was given: the product has seen to it.
            let state =
                if state.is_some() && call.dialogue.state.as_deref() == state { " state-ok" } else { "" };
            Ok(Output::text(format!("Hello, {said}!{state}")))
        }
    })
}

pub(crate) fn tools() -> Vec<Script> {
    let who = || form("user_name", "What is your name?", "name", "string");
    let confirm = || vec![form("confirm", "Please confirm", "ok", "boolean")];
    vec![
        once("test_input_required_result_elicitation", None, move || vec![who()]),
        once("test_streaming_elicitation", None, move || vec![who()]),
        once("test_input_required_result_sampling", None, || {
            vec![sample("capital_question", "What is the capital of France?", 100)]
        }),
        once("test_input_required_result_list_roots", None, || vec![roots("client_roots")]),
        once("test_input_required_result_request_state", Some("round 1"), confirm),
        once("test_input_required_result_tampered_state", Some("untouched"), confirm),
        once("test_input_required_result_multiple_inputs", Some("three"), move || {
            vec![who(), sample("greeting", "Generate a greeting", 50), roots("client_roots")]
        }),
        Script::new("test_input_required_result_multi_round", |call| async move { rounds(&call.dialogue) }),
        Script::new("test_input_required_result_capabilities", |call| async move {
            let all =
                [form("user_name", "What is your name?", "name", "string"), sample("word", "Say a word", 10)];
            let abilities = call.dialogue.abilities;
            let can = all.into_iter().filter(|question| abilities.allow(&question.ask));
            Ok(Output::text(said(&call.dialogue, can.collect(), None)?.join("; ")))
        }),
    ]
}

/// Asks for a name, and then for a color, with the name in the state.
fn rounds(dialogue: &Dialogue) -> Result<Output, ToolsError> {
    let name = match dialogue.state.as_deref().and_then(|state| serde_json::from_str::<Value>(state).ok()) {
        Some(state) if state.get("name").is_some() => state["name"].as_str().unwrap_or_default().to_owned(),
        _ => {
            let first = form("step1", "Step 1: What is your name?", "name", "string");
            let name = said(dialogue, vec![first], Some("{}"))?.concat();
            let second = form("step2", "Step 2: What is your favorite color?", "color", "string");
            return Err(ask(vec![second], Some(&json!({"name": name}).to_string())));
        }
    };
    let second = form("step2", "Step 2: What is your favorite color?", "color", "string");
    let color = said(dialogue, vec![second], dialogue.state.as_deref())?.concat();
    Ok(Output::text(format!("{name} likes {color}.")))
}
