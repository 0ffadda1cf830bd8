//! One line's answer.

use std::time::{SystemTime, UNIX_EPOCH};

use fault::{Fault, Kind, Violation};
use openai::{ChatRequest, CompletionRequest, Made, OpenAiError, chat_answer, completion_answer, error_body};
use proto::inference::v1::{GenerateTextRequest, GenerateTextResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::lines::{LONGEST, Line};
use crate::{WorkerError, assignment::Assignment, grpc::Generator};

const LONGEST_ID: usize = 256;
/// How often a line is tried on which the model fails.
const TRIES: u32 = 3;

/// What it takes to answer lines.
#[derive(Clone, Copy)]
pub(super) struct Answering<'a> {
    pub(super) generator: &'a Generator,
    pub(super) assignment: &'a Assignment,
    pub(super) model: &'a str,
}

/// The line of output for a line of input.
pub(super) struct Answer {
    pub(super) text: Vec<u8>,
    pub(super) failed: bool,
}

/// A line of input.
#[derive(Deserialize)]
struct Ask {
    custom_id: Option<String>,
    method: Option<String>,
    url: String,
    body: Value,
}

/// How a body is read, and its answer written.
#[derive(Clone, Copy)]
enum Endpoint {
    Chat,
    Completion,
}

impl Answering<'_> {
    /// Answers a line. What is wrong with the line, or what the model refuses, is its answer; an error is only what would
    /// go better at another time.
    pub(super) async fn answer(self, line: Result<Line, WorkerError>) -> Result<Answer, WorkerError> {
        let line = line?;
        let id = format!("{}-{}", self.assignment.job, line.number);
        let custom_id = custom_id(&line);
        let ask = match parse(line) {
            Ok(ask) => ask,
            Err(error) => {
                return written(&id, custom_id.as_deref(), Err(error_body(&error, error.reason())));
            }
        };
        let outcome = match request(ask, self.model) {
            Err(error) => Err(error_body(&error, error.reason())),
            Ok((endpoint, request)) => {
                let answer = self.generate(&request).await?;
                answer
                    .map(|answer| endpoint.answer(&id, &answer))
                    .map_err(|error| error_body(&error, error.reason()))
            }
        };
        written(&id, custom_id.as_deref(), outcome)
    }
}

impl Answering<'_> {
    /// The model's answer to one line, or what it says against it. The outer error is a model that was away for longer
    /// than a job waits: another attempt goes on behind what was saved. A failure of the line alone is tried again and
    /// then told, since one line must not cost the others.
    async fn generate(
        self,
        request: &GenerateTextRequest,
    ) -> Result<Result<GenerateTextResponse, WorkerError>, WorkerError> {
        let mut tries = 1;
        loop {
            match self.generator.generate(&self.assignment.context, request).await {
                Ok(answer) => return Ok(Ok(answer)),
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::ResourceExhausted) => {
                    return Err(error);
                }
                Err(error) if error.may_pass() && tries < TRIES => tries += 1,
                Err(error) => return Ok(Err(error)),
            }
        }
    }
}

impl Endpoint {
    fn answer(self, id: &str, answer: &GenerateTextResponse) -> Value {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        match self {
            Self::Chat => chat_answer(Made { id, at }, answer),
            Self::Completion => completion_answer(Made { id, at }, answer),
        }
    }
}

/// The caller's id of a line, also of one that has something else wrong with it.
fn custom_id(line: &Line) -> Option<String> {
    let value: Value = serde_json::from_slice(line.text.as_deref()?).ok()?;
    let id = value.get("custom_id")?.as_str()?;
    Some(id[..id.floor_char_boundary(LONGEST_ID)].to_owned())
}

fn parse(line: Line) -> Result<Ask, OpenAiError> {
    let text = line.text.ok_or_else(|| unsupported("line", format!("must be at most {LONGEST} bytes")))?;
    let ask: Ask = serde_json::from_slice(&text)?;
    if ask.custom_id.as_ref().is_some_and(|id| id.len() > LONGEST_ID) {
        return Err(unsupported("custom_id", format!("must be at most {LONGEST_ID} bytes")));
    }
    Ok(ask)
}

fn request(ask: Ask, model: &str) -> Result<(Endpoint, GenerateTextRequest), OpenAiError> {
    if ask.method.is_some_and(|method| method != "POST") {
        return Err(unsupported("method", "must be POST".to_owned()));
    }
    let (endpoint, mut request) = match ask.url.as_str() {
        "/v1/chat/completions" => (Endpoint::Chat, ChatRequest::from_json(ask.body)?.into_request()?),
        "/v1/completions" => (Endpoint::Completion, CompletionRequest::from_json(ask.body)?.into_request()?),
        _ => return Err(unsupported("url", "must be /v1/chat/completions or /v1/completions".to_owned())),
    };
    if request.model.is_empty() {
        model.clone_into(&mut request.model);
    }
    Ok((endpoint, request))
}

fn unsupported(parameter: &str, description: String) -> OpenAiError {
    OpenAiError::Unsupported { violation: Violation::new(parameter, description) }
}

/// The line of output, its end included.
fn written(
    id: &str,
    custom_id: Option<&str>,
    outcome: Result<Value, (u16, Value)>,
) -> Result<Answer, WorkerError> {
    let failed = outcome.is_err();
    let (response, error) = match outcome {
        Ok(body) => (json!({"status_code": 200, "request_id": id, "body": body}), Value::Null),
        Err((status, mut error)) => {
            error["status_code"] = status.into();
            (Value::Null, error)
        }
    };
    let line = json!({"id": id, "custom_id": custom_id, "response": response, "error": error});
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    Ok(Answer { text, failed })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{LONGEST_ID, Line, custom_id, parse, request, written};

    fn asked(line: &Value) -> Result<super::GenerateTextRequest, String> {
        let line = Line { number: 0, text: Some(line.to_string().into_bytes()) };
        let ask = parse(line).map_err(|error| error.to_string())?;
        request(ask, "fallback").map(|(_, request)| request).map_err(|error| error.to_string())
    }

    #[test]
    fn both_endpoints_are_read_and_the_model_may_be_the_batch_s() {
        let chat = json!({"custom_id": "1", "method": "POST", "url": "/v1/chat/completions",
            "body": {"messages": [{"role": "user", "content": "Hi"}]}});
        assert_eq!(asked(&chat).unwrap().model, "fallback");
        let text = json!({"url": "/v1/completions", "body": {"model": "own", "prompt": "Once"}});
        assert_eq!(asked(&text).unwrap().model, "own");
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let body = json!({"prompt": "Once"});
        for (line, word) in [
            (json!({"url": "/v1/embeddings", "body": body}), "url"),
            (json!({"url": "/v1/completions", "method": "GET", "body": body}), "method"),
            (json!({"url": "/v1/completions"}), "body"),
            (json!({"custom_id": "x".repeat(257), "url": "/v1/completions", "body": body}), "custom_id"),
            (json!("text"), "struct"),
        ] {
            let said = asked(&line).unwrap_err();
            assert!(said.contains(word), "{line}: {said}");
        }
        assert!(parse(Line { number: 0, text: None }).is_err());
    }

    #[test]
    fn a_line_keeps_its_id_whatever_else_is_wrong_with_it() {
        let of = |text: &str| custom_id(&Line { number: 0, text: Some(text.as_bytes().to_vec()) });
        assert_eq!(of(r#"{"custom_id":"7"}"#).as_deref(), Some("7"));
        assert_eq!(of(r#"{"custom_id":"7","url":3}"#).as_deref(), Some("7"));
        let long = format!(r#"{{"custom_id":"{}"}}"#, "x".repeat(LONGEST_ID + 1));
        assert_eq!(of(&long).map(|id| id.len()), Some(LONGEST_ID));
        for none in ["nope", "{}", r#"{"custom_id":7}"#, "[1]"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_line_of_output_has_a_response_or_an_error() {
        let line = |outcome| -> Value {
            serde_json::from_slice(&written("j-0", Some("a"), outcome).unwrap().text).unwrap()
        };
        let good = line(Ok(json!({"x": 1})));
        assert_eq!(
            (&good["custom_id"], &good["response"]["status_code"], &good["error"]),
            (&json!("a"), &json!(200), &json!(null))
        );
        let bad = line(Err((400, json!({"code": "c"}))));
        assert_eq!((&bad["response"], &bad["error"]["status_code"]), (&json!(null), &json!(400)));
    }
}
