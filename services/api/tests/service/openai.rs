//! OpenAI's interface: what its clients send, and what they read.

mod generating;
mod refusing;
mod streaming;

use serde_json::{Value, json};

use crate::{
    plain::{self, Answer},
    stand::{SECRET, Stand},
};

const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const RESPONSES: &str = "/v1/responses";

/// A request with the known key.
async fn post(stand: &Stand, path: &str, body: &Value) -> Answer {
    post_by(SECRET, stand, path, body).await
}

async fn post_by(secret: &str, stand: &Stand, path: &str, body: &Value) -> Answer {
    let key = format!("Bearer {secret}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    plain::send(stand.address, "POST", path, &headers, body.to_string()).await
}

async fn get_by(secret: &str, stand: &Stand, path: &str) -> Answer {
    let key = format!("Bearer {secret}");
    plain::send(stand.address, "GET", path, &[("authorization", &key)], "").await
}

fn document(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// What an error says, in the one shape that there is: status, type, parameter and code.
fn refusal(answer: &Answer) -> (u16, String, Value, String) {
    assert_eq!(answer.header("content-type"), "application/json");
    let document = document(answer);
    let error = document["error"].as_object().unwrap();
    let mut names: Vec<_> = error.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "message", "param", "type"]);
    assert!(!error["message"].as_str().unwrap().is_empty());
    let word = |name: &str| error[name].as_str().unwrap().to_owned();
    (answer.status.as_u16(), word("type"), error["param"].clone(), word("code"))
}

/// A small request to each endpoint, with the members of `more`.
fn asks(more: &Value) -> [(&'static str, Value); 3] {
    let with = |mut body: Value| {
        body["model"] = json!("stub");
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    [
        (CHAT, with(json!({"messages": [{"role": "user", "content": "Hi"}]}))),
        (COMPLETIONS, with(json!({"prompt": "Once"}))),
        (RESPONSES, with(json!({"input": "Hi"}))),
    ]
}
