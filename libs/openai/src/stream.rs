//! Streams, as server-sent events.

mod chunks;
mod responses;

use proto::inference::v1::stream_generate_text_response::Event;
use serde_json::Value;

pub(crate) use chunks::Chunks;
pub(crate) use responses::ResponseEvents;

/// A comment, which clients pass over: the stream is alive.
const HEARTBEAT: &str = ": heartbeat\n\n";

/// Tells the events of one generation.
pub trait Teller: Send {
    /// The text for an event; empty where there is nothing to tell.
    fn tell(&mut self, event: Event) -> String;

    /// The last text of a stream that broke off, for an error in OpenAI's form, `{"error": …}`.
    fn failed(&mut self, error: &Value) -> String;
}

/// An event without a name.
fn data(json: &Value) -> String {
    format!("data: {json}\n\n")
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::{self as wire, stream_generate_text_response::Event};
    use serde_json::{Value, json};

    use crate::{Endpoint, Made, Teller};

    fn teller(endpoint: Endpoint, mut body: Value, key: &str, prompt: Value) -> Box<dyn Teller> {
        body["model"] = json!("stub");
        body["stream"] = json!(true);
        body[key] = prompt;
        endpoint.read(body).unwrap().form.teller(Made { id: "7".into(), at: 1 })
    }

    fn chat(body: Value) -> Box<dyn Teller> {
        teller(Endpoint::Chat, body, "messages", json!([{"role": "user", "content": "Hi"}]))
    }

    fn token(text: &str, logprob: Option<f32>) -> Event {
        Event::Token(wire::Token { id: 1, text: text.into(), logprob })
    }

    fn finished(reason: wire::FinishReason) -> Event {
        Event::Finished(wire::Finished {
            finish_reason: reason.into(),
            usage: Some(wire::Usage { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }),
            text: "lo".into(),
            ..wire::Finished::default()
        })
    }

    /// What a generation of "Hello" is told as.
    fn told(mut teller: Box<dyn Teller>, logprob: Option<f32>, reason: wire::FinishReason) -> String {
        let started = Event::Started(wire::Started { model: "stub".into(), prompt_tokens: 3 });
        let events = [
            started,
            token("Hel", logprob),
            Event::Heartbeat(wire::Heartbeat {}),
            token("", logprob),
            finished(reason),
        ];
        events.into_iter().map(|event| teller.tell(event)).collect()
    }

    fn documents(text: &str) -> Vec<Value> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
    }

    #[test]
    fn a_chat_comes_in_chunks_and_ends_with_its_reason() {
        let text = told(chat(json!({})), None, wire::FinishReason::Stop);
        assert!(text.ends_with("data: [DONE]\n\n") && text.contains("\n\n: heartbeat\n\n"), "{text}");
        let chunks = documents(&text);
        let deltas: Vec<_> = chunks.iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect();
        let expected = [
            json!({"role": "assistant", "content": ""}),
            json!({"content": "Hel"}),
            json!({"content": "lo"}),
            json!({}),
        ];
        assert_eq!(deltas, expected);
        let reasons: Vec<_> =
            chunks.iter().map(|chunk| chunk["choices"][0]["finish_reason"].clone()).collect();
        assert_eq!(reasons, [json!(null), json!(null), json!(null), json!("stop")]);
        assert!(chunks.iter().all(|chunk| chunk["id"] == "chatcmpl-7" && chunk.get("usage").is_none()));
    }

    #[test]
    fn usage_comes_last_where_it_was_asked_for() {
        let options = json!({"stream_options": {"include_usage": true}});
        let chunks = documents(&told(chat(options), None, wire::FinishReason::Length));
        let (last, others) = chunks.split_last().unwrap();
        assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(5)));
        assert!(others.iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
        assert_eq!(others.last().unwrap()["choices"][0]["finish_reason"], "length");
    }

    #[test]
    fn every_token_is_told_of_where_probabilities_are() {
        let chunks = documents(&told(chat(json!({"logprobs": true})), Some(-0.5), wire::FinishReason::Stop));
        let tokens: Vec<_> =
            chunks.iter().filter_map(|it| it["choices"][0]["logprobs"]["content"].get(0)).collect();
        assert_eq!((tokens.len(), &tokens[0]["token"], &tokens[1]["token"]), (2, &json!("Hel"), &json!("")));
        let body = json!({"logprobs": 0});
        let completion = teller(Endpoint::Completions, body, "prompt", json!("Once"));
        let chunks = documents(&told(completion, Some(-0.5), wire::FinishReason::Stop));
        let offsets: Vec<_> =
            chunks.iter().filter_map(|it| it["choices"][0]["logprobs"]["text_offset"].get(0)).collect();
        assert_eq!(offsets, [&json!(0), &json!(3)]);
    }

    #[test]
    fn a_completion_comes_in_chunks_of_text() {
        let completion = teller(Endpoint::Completions, json!({}), "prompt", json!("Once"));
        let text = told(completion, None, wire::FinishReason::Length);
        let chunks = documents(&text);
        let texts: Vec<_> =
            chunks.iter().map(|chunk| chunk["choices"][0]["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["Hel", "lo", ""]);
        assert_eq!(chunks[2]["choices"][0]["finish_reason"], "length");
        assert!(chunks.iter().all(|chunk| chunk["object"] == "text_completion"));
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    }

    #[test]
    fn a_response_comes_in_named_events_that_are_numbered() {
        let text = told(
            teller(Endpoint::Responses, json!({}), "input", json!("Hi")),
            None,
            wire::FinishReason::Stop,
        );
        let events = documents(&text);
        let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        let expected = [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ];
        assert_eq!(names, expected);
        for (number, (event, name)) in events.iter().zip(names).enumerate() {
            assert_eq!((&event["type"], &event["sequence_number"]), (&json!(name), &json!(number)));
        }
        let response = &events[9]["response"];
        assert_eq!(response["output"][0]["content"][0]["text"], "Hello");
        assert_eq!(
            (&response["status"], &response["usage"]["total_tokens"]),
            (&json!("completed"), &json!(5))
        );
    }

    #[test]
    fn a_response_that_was_cut_is_incomplete() {
        let response = teller(Endpoint::Responses, json!({}), "input", json!("Hi"));
        let events = documents(&told(response, None, wire::FinishReason::Length));
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.incomplete");
        assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
    }

    #[test]
    fn what_breaks_off_ends_with_its_error() {
        let error =
            json!({"error": {"message": "no", "type": "server_error", "param": null, "code": "internal"}});
        let text = chat(json!({})).failed(&error);
        assert_eq!(documents(&text), std::slice::from_ref(&error));
        assert!(!text.contains("[DONE]"), "that would be a good end");
        let events = documents(&teller(Endpoint::Responses, json!({}), "input", json!("Hi")).failed(&error));
        assert_eq!((&events[0]["type"], &events[0]["error"]["message"]), (&json!("error"), &json!("no")));
        assert_eq!(
            (&events[1]["type"], &events[1]["response"]["status"]),
            (&json!("response.failed"), &json!("failed"))
        );
        assert_eq!(events[1]["response"]["error"], json!({"code": "server_error", "message": "no"}));
    }
}
