//! What comes of a request that was taken: an answer, as a whole and in events, with the text that was generated.

use openai::{Asked, Endpoint, Made, Teller};
use proto::inference::v1::{self as wire, stream_generate_text_response::Event};
use serde_json::Value;

const TEXTS: [&str; 3] = ["He", "", "l\"l\n"];
const REST: &str = "o é";

/// Both answers tell the same text, and a response repeats what was asked in `body`.
pub(crate) fn answered(endpoint: Endpoint, body: &Value, Asked { request, form }: Asked) {
    let made = Made { id: "1".into(), at: 1 };
    let tokens =
        TEXTS.map(|text| wire::Token { id: 1, text: text.into(), logprob: request.logprobs.then_some(-0.5) });
    let text = TEXTS.concat() + REST;
    let whole = wire::GenerateTextResponse {
        model: request.model.clone(),
        text: text.clone(),
        tokens: if request.logprobs { tokens.to_vec() } else { Vec::new() },
        ..wire::GenerateTextResponse::default()
    };
    let whole = form.answer(&made, &whole);
    let said = match endpoint {
        Endpoint::Chat => &whole["choices"][0]["message"]["content"],
        Endpoint::Completions => &whole["choices"][0]["text"],
        Endpoint::Responses => &whole["output"][0]["content"][0]["text"],
    };
    assert_eq!(said.as_str(), Some(text.as_str()));
    if endpoint == Endpoint::Responses {
        for name in ["instructions", "max_output_tokens", "metadata", "safety_identifier", "user"] {
            assert_eq!(whole[name], body[name], "{name}");
        }
    }
    let told = streamed(&mut *form.teller(made), request.model, tokens);
    assert_eq!(joined(endpoint, &told), text);
}

fn streamed(teller: &mut dyn Teller, model: String, tokens: [wire::Token; 3]) -> String {
    let started = Event::Started(wire::Started { model, prompt_tokens: 1 });
    let finished = Event::Finished(wire::Finished { text: REST.into(), ..wire::Finished::default() });
    let tokens = tokens.map(Event::Token);
    let events = [started, Event::Heartbeat(wire::Heartbeat {})].into_iter().chain(tokens).chain([finished]);
    events.map(|event| teller.tell(event)).collect()
}

/// The text that the events tell, each of which is whole.
fn joined(endpoint: Endpoint, told: &str) -> String {
    assert!(told.ends_with("\n\n"));
    let data = told.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    let texts = data.map(|data| {
        let Ok(event) = serde_json::from_str::<Value>(data) else { panic!("{data}") };
        let text = match endpoint {
            Endpoint::Chat => &event["choices"][0]["delta"]["content"],
            Endpoint::Completions => &event["choices"][0]["text"],
            Endpoint::Responses => &event["delta"],
        };
        text.as_str().unwrap_or_default().to_owned()
    });
    texts.collect()
}
