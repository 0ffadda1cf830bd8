//! OpenAI's chat completions, for gateways that speak nothing else to a model.

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use serde_json::{Value, json};
use tonic::{Status, body::Body};

use super::{super::MODEL, Pace};

/// Where they are asked for.
pub(super) const PATH: &str = "/v1/chat/completions";

/// Answers a chat, streamed if it asks for that. What cannot be read is answered like an empty wish.
pub(super) async fn answer(request: Body, pace: Pace) -> Response<Body> {
    let asked = request.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&asked).unwrap_or_default();
    let tokens = asked["max_tokens"].as_u64().and_then(|tokens| u32::try_from(tokens).ok()).unwrap_or(1);
    pace.wait().await;
    if asked["stream"].as_bool() == Some(true) {
        return of("text/event-stream", streamed(tokens, &pace));
    }
    let message = json!({"role": "assistant", "content": "Hello."});
    let choice = json!({"index": 0, "message": message, "finish_reason": "length"});
    let usage =
        json!({"prompt_tokens": 4, "completion_tokens": tokens, "total_tokens": tokens.saturating_add(4)});
    let whole = form("chat.completion", &json!({"choices": [choice], "usage": usage}));
    of("application/json", Body::new(Full::new(Bytes::from(whole.to_string()))))
}

fn streamed(tokens: u32, pace: &Pace) -> Body {
    let texts = pace.tokens(tokens).map(|text| chunk(&json!({"content": text}), &Value::Null));
    let first = stream::iter([chunk(&json!({"role": "assistant", "content": ""}), &Value::Null)]);
    let last = stream::iter([chunk(&json!({}), &json!("length")), "[DONE]".to_owned()]);
    let events = first.chain(texts).chain(last);
    let frames = events.map(|data| Ok::<_, Status>(Frame::data(Bytes::from(format!("data: {data}\n\n")))));
    Body::new(StreamBody::new(frames))
}

fn chunk(delta: &Value, finish_reason: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish_reason});
    form("chat.completion.chunk", &json!({"choices": [choice]})).to_string()
}

/// What every answer has, with its own fields.
fn form(object: &str, own: &Value) -> Value {
    let mut form = json!({"id": "chatcmpl-1", "object": object, "created": 1, "model": MODEL});
    for (name, value) in own.as_object().into_iter().flatten() {
        form[name] = value.clone();
    }
    form
}

fn of(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::{BodyExt, Full};
    use serde_json::{Value, json};
    use tonic::body::Body;

    use super::{
        super::{Delay, Pace},
        answer,
    };

    async fn answered(asked: &Value) -> String {
        let pace = Pace::new(Delay::new(Duration::ZERO, Duration::ZERO).unwrap(), Duration::ZERO);
        let body = answer(Body::new(Full::from(asked.to_string())), pace).await.into_body();
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_whole_answer_is_a_chat_completion() {
        let told: Value = serde_json::from_str(&answered(&json!({"max_tokens": 3})).await).unwrap();
        assert_eq!((&told["object"], &told["model"]), (&json!("chat.completion"), &json!("stub")));
        assert_eq!(told["choices"][0]["message"]["content"], "Hello.");
        assert_eq!(told["usage"]["completion_tokens"], 3);
    }

    #[tokio::test]
    async fn a_stream_has_its_tokens_between_its_role_and_its_end() {
        let told = answered(&json!({"max_tokens": 3, "stream": true})).await;
        let events: Vec<_> = told.split_terminator("\n\n").collect();
        assert_eq!(events.len(), 6, "{told}");
        assert!(events[0].contains("\"role\":\"assistant\"") && events[5] == "data: [DONE]", "{told}");
        assert!(events.iter().all(|event| event.starts_with("data: ")), "{told}");
    }
}
