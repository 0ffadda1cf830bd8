//! What was asked for is what the request says, value by value.

use openai::{Asked, Endpoint};
use proto::inference::v1 as wire;
use serde_json::{Map, Value, json};

/// The request of `asked` says what `body` does, no more and no less, and reads the same when it is written again.
pub(crate) fn meant(endpoint: Endpoint, body: &Value, asked: &Asked) {
    let request = &asked.request;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    assert_eq!(request.model, text("model"));
    assert_eq!(request.sampling, Some(sampling(body)));
    let stop = wire::Stop {
        strings: texts(&body["stop"]),
        include_string: body["include_stop_str_in_output"] == true,
        ignore_end: body["ignore_eos"] == true,
        min_tokens: count(body, "min_tokens").unwrap_or_default(),
    };
    assert_eq!(request.stop.as_ref(), Some(&stop));
    assert_eq!(asked.form.streams(), body["stream"] == true);
    let (most, logprobs) = match endpoint {
        Endpoint::Chat => {
            let most = count(body, "max_completion_tokens").or(count(body, "max_tokens"));
            (most.unwrap_or_default(), body["logprobs"] == true)
        }
        Endpoint::Completions => (count(body, "max_tokens").unwrap_or(16), !body["logprobs"].is_null()),
        Endpoint::Responses => {
            let most = count(body, "max_output_tokens");
            (most.unwrap_or_default(), body["include"].as_array().is_some_and(|list| !list.is_empty()))
        }
    };
    assert_eq!((request.max_tokens, request.logprobs), (most, logprobs));
    said(endpoint, body, request);
    for index in 0..=request.messages.len() {
        assert!(!asked.form.name_of(&format!("messages[{index}].text")).is_empty());
    }
    let again = endpoint.read(written(endpoint, request)).unwrap();
    assert_eq!(&again.request, request);
}

fn sampling(body: &Value) -> wire::Sampling {
    let number = |name: &str| body[name].as_f64().map(|number| number as f32);
    let whole = |name: &str| body[name].as_u64().or_else(|| body[name].as_i64().map(i64::cast_unsigned));
    wire::Sampling {
        temperature: number("temperature").unwrap_or(1.0),
        top_k: body["top_k"].as_u64().unwrap_or_default() as u32,
        top_p: number("top_p"),
        min_p: number("min_p").unwrap_or_default(),
        seed: whole("seed"),
        repetition_penalty: number("repetition_penalty"),
        presence_penalty: number("presence_penalty").unwrap_or_default(),
        frequency_penalty: number("frequency_penalty").unwrap_or_default(),
    }
}

/// Who says what in the request is who said it in the body.
fn said(endpoint: Endpoint, body: &Value, request: &wire::GenerateTextRequest) {
    let told = match endpoint {
        Endpoint::Completions => {
            assert_eq!(texts(&body["prompt"]), [request.prompt.as_str()]);
            assert!(request.messages.is_empty() && !request.prompt.is_empty());
            return;
        }
        Endpoint::Chat => list(&body["messages"]).map(message).collect::<Vec<_>>(),
        Endpoint::Responses => {
            let instructions = body["instructions"].as_str().map(|text| ("system", text.to_owned()));
            let input = body["input"].as_str().map(|text| ("user", text.to_owned()));
            instructions.into_iter().chain(input).chain(list(&body["input"]).map(message)).collect()
        }
    };
    let messages = request.messages.iter().map(|message| (message.role.as_str(), message.text.clone()));
    assert_eq!(messages.collect::<Vec<_>>(), told);
    assert!(request.prompt.is_empty() && !request.messages.is_empty());
}

fn message(message: &Value) -> (&str, String) {
    let role = message["role"].as_str().unwrap_or_default();
    let parts = list(&message["content"]).filter_map(|part| part["text"].as_str());
    let text = message["content"].as_str().map_or_else(|| parts.collect(), str::to_owned);
    (if role == "developer" { "system" } else { role }, text)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_str().into_iter().chain(list(value).filter_map(Value::as_str)).map(str::to_owned).collect()
}

fn count(body: &Value, name: &str) -> Option<u32> {
    body[name].as_u64().map(|count| count as u32)
}

/// A body that asks for the same.
fn written(endpoint: Endpoint, request: &wire::GenerateTextRequest) -> Value {
    let (sampling, stop) = (request.sampling.unwrap(), request.stop.clone().unwrap());
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("model", request.model.clone().into());
    put("temperature", number(sampling.temperature));
    put("top_k", sampling.top_k.into());
    put("top_p", sampling.top_p.map(number).into());
    put("min_p", number(sampling.min_p));
    put("seed", sampling.seed.into());
    put("repetition_penalty", sampling.repetition_penalty.map(number).into());
    put("presence_penalty", number(sampling.presence_penalty));
    put("frequency_penalty", number(sampling.frequency_penalty));
    put("stop", stop.strings.into());
    put("include_stop_str_in_output", stop.include_string.into());
    put("ignore_eos", stop.ignore_end.into());
    put("min_tokens", stop.min_tokens.into());
    let (limit, prompt) = match endpoint {
        Endpoint::Chat => ("max_completion_tokens", "messages"),
        Endpoint::Completions => ("max_tokens", "prompt"),
        Endpoint::Responses => ("max_output_tokens", "input"),
    };
    if request.max_tokens > 0 {
        put(limit, request.max_tokens.into());
    }
    let messages: Vec<_> =
        request.messages.iter().map(|said| json!({"role": said.role, "content": said.text})).collect();
    let completion = endpoint == Endpoint::Completions;
    put(prompt, if completion { request.prompt.clone().into() } else { messages.into() });
    match endpoint {
        Endpoint::Chat => put("logprobs", request.logprobs.into()),
        Endpoint::Completions => put("logprobs", request.logprobs.then_some(0).into()),
        Endpoint::Responses => {
            let wanted: &[&str] = if request.logprobs { &["message.output_text.logprobs"] } else { &[] };
            put("include", wanted.into())
        }
    };
    body.into()
}

/// JSON knows no infinity; what is too large becomes it again.
fn number(number: f32) -> Value {
    if number.is_finite() { number.into() } else { f64::MAX.copysign(number.into()).into() }
}
