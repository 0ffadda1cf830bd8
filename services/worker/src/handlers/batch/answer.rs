//! One line's answer.

use std::time::{SystemTime, UNIX_EPOCH};

use accounts::Grants;
use fault::{Fault, Kind};
use openai::{Asked, Endpoint, Form, Made, OpenAiError, error_body, read_json};
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
    custom_id: Option<Value>,
    method: Option<String>,
    url: String,
    body: Value,
}

impl Answering<'_> {
    /// Answers a line. What is wrong with the line, or what the model refuses, is its answer; an error is only what would
    /// go better at another time.
    pub(super) async fn answer(self, line: Result<Line, WorkerError>) -> Result<Answer, WorkerError> {
        let line = line?;
        let number = line.number;
        let id = format!("{}-{number}", self.assignment.job);
        let custom_id = custom_id(&line);
        let outcome = match parse(line).and_then(|ask| request(ask, self.model)) {
            Err(error) => Err(told(&error, number)),
            Ok(Asked { request, .. }) if !self.may_use(&request.model) => {
                Err(told(&WorkerError::ModelForbidden { model: request.model }, number))
            }
            Ok(Asked { request, form }) => {
                let answer = self.generate(&request).await?;
                answer.map(|answer| made(&id, &form, &answer)).map_err(|error| told(&error, number))
            }
        };
        written(&id, &custom_id, outcome)
    }
}

/// A fault of one line, as OpenAI's batches tell it: with the number of the line in the file, from 1.
fn told(fault: &impl Fault, number: u64) -> (u16, Value) {
    let (status, mut error) = error_body(fault);
    error["line"] = (number + 1).into();
    (status, error)
}

impl Answering<'_> {
    /// Whether the key that the job came with allows a model: api has not read the lines. A job of no key is the operator's.
    fn may_use(self, model: &str) -> bool {
        let granted = self.assignment.context.grants.as_ref();
        granted.is_none_or(|granted| Grants::from_line(granted.as_str()).may_use(model))
    }

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

fn made(id: &str, form: &Form, answer: &GenerateTextResponse) -> Value {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    form.answer(&Made { id: id.to_owned(), at }, answer)
}

/// The caller's id of a line as it was given, text or a number, also of a line that has something else wrong with it.
fn custom_id(line: &Line) -> Value {
    let line = line.text.as_deref().and_then(|text| serde_json::from_slice::<Value>(text).ok());
    match line.as_ref().and_then(|line| line.get("custom_id")) {
        Some(Value::String(id)) => id[..id.floor_char_boundary(LONGEST_ID)].into(),
        Some(Value::Number(id)) => Value::Number(id.clone()),
        _ => Value::Null,
    }
}

fn parse(line: Line) -> Result<Ask, OpenAiError> {
    let text = line
        .text
        .ok_or_else(|| OpenAiError::unsupported("line", format!("must be at most {LONGEST} bytes")))?;
    let ask: Ask = serde_json::from_value(read_json(&text)?)?;
    match &ask.custom_id {
        Some(Value::String(id)) if id.len() > LONGEST_ID => {
            Err(OpenAiError::unsupported("custom_id", format!("must be at most {LONGEST_ID} bytes")))
        }
        None | Some(Value::Null | Value::String(_) | Value::Number(_)) => Ok(ask),
        Some(_) => Err(OpenAiError::unsupported("custom_id", "must be a string or a number")),
    }
}

fn request(ask: Ask, model: &str) -> Result<Asked, OpenAiError> {
    if ask.method.is_some_and(|method| method != "POST") {
        return Err(OpenAiError::unsupported("method", "must be POST"));
    }
    let endpoint = match ask.url.as_str() {
        "/v1/chat/completions" => Endpoint::Chat,
        "/v1/completions" => Endpoint::Completions,
        "/v1/responses" => Endpoint::Responses,
        _ => {
            let known = "must be /v1/chat/completions, /v1/completions or /v1/responses";
            return Err(OpenAiError::unsupported("url", known));
        }
    };
    let mut asked = endpoint.read(ask.body)?;
    if asked.form.streams() {
        return Err(OpenAiError::unsupported("stream", "must be false: the answer to a line is one line"));
    }
    if asked.request.model.is_empty() {
        model.clone_into(&mut asked.request.model);
    }
    Ok(asked)
}

/// The line of output, its end included.
fn written(id: &str, custom_id: &Value, outcome: Result<Value, (u16, Value)>) -> Result<Answer, WorkerError> {
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
    use fault::Fault;
    use serde_json::{Value, json};

    use super::{LONGEST_ID, Line, custom_id, parse, request, written};

    fn asked(line: &Value) -> Result<super::GenerateTextRequest, String> {
        let line = Line { number: 0, text: Some(line.to_string().into_bytes()) };
        let told = |error: super::OpenAiError| error.public_message().into_owned();
        let ask = parse(line).map_err(told)?;
        request(ask, "fallback").map(|asked| asked.request).map_err(told)
    }

    #[test]
    fn every_endpoint_is_read_and_the_model_may_be_the_batch_s() {
        let chat = json!({"custom_id": "1", "method": "POST", "url": "/v1/chat/completions",
            "body": {"messages": [{"role": "user", "content": "Hi"}]}});
        assert_eq!(asked(&chat).unwrap().model, "fallback");
        let text = json!({"url": "/v1/completions", "body": {"model": "own", "prompt": "Once"}});
        assert_eq!(asked(&text).unwrap().model, "own");
        let response = json!({"url": "/v1/responses", "body": {"input": "Once"}});
        assert_eq!(asked(&response).unwrap().messages.len(), 1);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let body = json!({"prompt": "Once"});
        for (line, word) in [
            (json!({"url": "/v1/embeddings", "body": body}), "url"),
            (json!({"url": "/v1/completions", "method": "GET", "body": body}), "method"),
            (json!({"url": "/v1/completions"}), "body"),
            (json!({"url": "/v1/completions", "body": {"prompt": "Once", "stream": true}}), "stream"),
            (json!({"custom_id": "x".repeat(257), "url": "/v1/completions", "body": body}), "custom_id"),
            (json!({"custom_id": true, "url": "/v1/completions", "body": body}), "custom_id"),
            (json!("text"), "struct"),
        ] {
            let said = asked(&line).unwrap_err();
            assert!(said.contains(word), "{line}: {said}");
        }
        assert!(parse(Line { number: 0, text: None }).is_err());
        let twice = br#"{"url": "/v1/completions", "body": {"prompt": "a", "prompt": "b"}}"#.to_vec();
        let said = parse(Line { number: 0, text: Some(twice) }).err().unwrap().public_message().into_owned();
        assert_eq!(said, "body.prompt: is given twice");
    }

    #[test]
    fn a_line_keeps_its_id_whatever_else_is_wrong_with_it() {
        let of = |text: &str| custom_id(&Line { number: 0, text: Some(text.as_bytes().to_vec()) });
        assert_eq!(of(r#"{"custom_id":"7"}"#), json!("7"));
        assert_eq!(of(r#"{"custom_id":"7","url":3}"#), json!("7"));
        assert_eq!(of(r#"{"custom_id":7}"#), json!(7));
        let long = format!(r#"{{"custom_id":"{}"}}"#, "x".repeat(LONGEST_ID + 1));
        assert_eq!(of(&long).as_str().map(str::len), Some(LONGEST_ID));
        for none in ["nope", "{}", r#"{"custom_id":[7]}"#, "[1]"] {
            assert_eq!(of(none), json!(null), "{none}");
        }
    }

    #[test]
    fn an_error_says_which_line_of_the_file_it_is_about() {
        let error = parse(Line { number: 6, text: Some(b"{".to_vec()) }).err().unwrap();
        let (status, told) = super::told(&error, 6);
        assert_eq!((status, &told["line"]), (400, &json!(7)));
        let message = told["message"].as_str().unwrap();
        assert!(
            message.starts_with("is not JSON of the expected shape: ") && !message.contains("line 1"),
            "{message}"
        );
    }

    #[test]
    fn a_line_of_output_has_a_response_or_an_error() {
        let line = |outcome| -> Value {
            serde_json::from_slice(&written("j-0", &json!("a"), outcome).unwrap().text).unwrap()
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
