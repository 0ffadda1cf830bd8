//! Whole answers, and the models that they come from.

use http::StatusCode;
use serde_json::json;

use super::{CHAT, COMPLETIONS, RESPONSES, asks, document, get_by, post};
use crate::{
    scripted::Script,
    stand::{SECRET, Stand},
};

#[tokio::test]
async fn each_endpoint_answers_in_its_own_form() {
    let stand = Stand::start(Script::Greet).await;
    for (path, ask) in asks(&json!({})) {
        let answer = post(&stand, path, &ask).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert!(!answer.header("x-request-id").is_empty());
        let told = document(&answer);
        assert_eq!(told["model"], "stub");
        let (object, text) = match path {
            CHAT => ("chat.completion", &told["choices"][0]["message"]["content"]),
            COMPLETIONS => ("text_completion", &told["choices"][0]["text"]),
            _ => ("response", &told["output"][0]["content"][0]["text"]),
        };
        assert_eq!((&told["object"], text), (&json!(object), &json!("Hello")));
        assert_eq!(told["usage"]["total_tokens"], 5);
    }
}

#[tokio::test]
async fn every_parameter_reaches_the_model() {
    let stand = Stand::start(Script::Greet).await;
    let more = json!({"temperature": 0.5, "top_p": 0.9, "top_k": 7, "min_p": 0.1, "seed": 11, "stop": ["END"],
        "repetition_penalty": 1.1, "presence_penalty": 0.5, "frequency_penalty": 0.25, "min_tokens": 2,
        "ignore_eos": true, "include_stop_str_in_output": true});
    for (path, mut ask) in asks(&more) {
        let length = if path == RESPONSES { "max_output_tokens" } else { "max_tokens" };
        ask[length] = json!(9);
        assert_eq!(post(&stand, path, &ask).await.status, StatusCode::OK);
        let asked = stand.upstream.generation();
        let (sampling, stop) = (asked.sampling.unwrap(), asked.stop.unwrap());
        assert_eq!((asked.max_tokens, sampling.seed, sampling.top_k), (9, Some(11), 7));
        assert_eq!((sampling.temperature, sampling.top_p), (0.5, Some(0.9)));
        assert_eq!((stop.strings, stop.min_tokens), (vec!["END".to_owned()], 2));
        assert!(stop.ignore_end && stop.include_string && !asked.logprobs);
    }
}

#[tokio::test]
async fn probabilities_come_where_they_are_asked_for() {
    let stand = Stand::start(Script::Greet).await;
    let [(chat, mut ask), (completions, mut text), (responses, mut input)] = asks(&json!({}));
    ask["logprobs"] = json!(true);
    let told = document(&post(&stand, chat, &ask).await);
    assert_eq!(told["choices"][0]["logprobs"]["content"][0]["logprob"], -0.5);
    text["logprobs"] = json!(0);
    let told = document(&post(&stand, completions, &text).await);
    assert_eq!(told["choices"][0]["logprobs"]["token_logprobs"], json!([-0.5]));
    input["include"] = json!(["message.output_text.logprobs"]);
    let told = document(&post(&stand, responses, &input).await);
    assert_eq!(told["output"][0]["content"][0]["logprobs"][0]["token"], "Hello");
}

#[tokio::test]
async fn models_are_listed_and_described() {
    let stand = Stand::start(Script::Greet).await;
    let listed = document(&get_by(SECRET, &stand, "/v1/models").await);
    let ids: Vec<_> = listed["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!((&listed["object"], ids), (&json!("list"), vec![&json!("stub"), &json!("other")]));
    let one = document(&get_by(SECRET, &stand, "/v1/models/stub").await);
    assert_eq!((&one["id"], &one["object"]), (&json!("stub"), &json!("model")));
}
