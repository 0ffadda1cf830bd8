//! What is refused, always in the one shape that OpenAI's clients read.

use std::{collections::HashMap, io::Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::{CHAT, COMPLETIONS, asks, document, get_by, post, post_by, refusal};
use crate::{
    limited::Limited,
    plain,
    scripted::Script,
    stand::{SECRET, Stand},
};

const INVALID: &str = "invalid_request_error";

#[tokio::test]
async fn nobody_gets_in_without_a_key() {
    let stand = Stand::start(Script::Greet).await;
    for (path, ask) in asks(&json!({})) {
        let json = [("content-type", "application/json")];
        let nobody = plain::send(stand.address, "POST", path, &json, ask.to_string()).await;
        let wrong = post_by("guessed", &stand, path, &ask).await;
        for answer in [nobody, wrong] {
            let told = refusal(&answer);
            let expected =
                (401, "authentication_error".to_owned(), Value::Null, "invalid_api_key".to_owned());
            assert_eq!(told, expected);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    for path in ["/v1/models", "/v1/models/stub"] {
        assert_eq!(refusal(&get_by("guessed", &stand, path).await).0, 401);
    }
    assert_eq!(stand.upstream.asked().len(), 0, "nothing of this went on");
}

#[tokio::test]
async fn a_wrong_parameter_is_refused_by_name_at_every_endpoint() {
    let stand = Stand::start(Script::Greet).await;
    for (more, param, code) in [
        (json!({"n": 2}), "n", "unsupported_value"),
        (json!({"tools": [{"type": "function"}]}), "tools", ""),
        (json!({"logit_bias": {"5": 1}}), "logit_bias", "unsupported_value"),
        (json!({"unheard_of": 1}), "unheard_of", "unknown_parameter"),
        (json!({"temperature": "hot"}), "temperature", "invalid_type"),
        (json!({"temperature": 9}), "temperature", "invalid_value"),
        (json!({"top_p": 0}), "top_p", "invalid_value"),
        (json!({"stop": ["a", ""]}), "stop[1]", "invalid_value"),
        (json!({"stream": "yes"}), "stream", "invalid_type"),
        (json!({"model": null}), "model", "missing_required_parameter"),
    ] {
        for (path, ask) in asks(&more) {
            let (status, class, told, word) = refusal(&post(&stand, path, &ask).await);
            assert_eq!((status, class.as_str()), (400, INVALID), "{path} {more}");
            assert!(param.is_empty() || told == param, "{path} {more}: {told}");
            assert!(code.is_empty() || word == code, "{path} {more}: {word}");
        }
    }
    assert_eq!(stand.upstream.asked().len(), 0, "nothing of this went on");
}

#[tokio::test]
async fn what_is_given_twice_or_in_the_query_is_refused_by_name() {
    let stand = Stand::start(Script::Greet).await;
    let key = format!("Bearer {SECRET}");
    let send = async |path: &str, body: String| {
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let (status, class, param, code) =
            refusal(&plain::send(stand.address, "POST", path, &headers, body).await);
        assert_eq!((status, class.as_str()), (400, INVALID), "{path}");
        (param, code)
    };
    for (path, ask) in asks(&json!({})) {
        let twice = ask.to_string().replacen('{', "{\"model\": \"other\", ", 1);
        assert_eq!(send(path, twice).await, (json!("model"), "malformed_json".to_owned()), "{path}");
        let nested = ask.to_string().replacen('{', "{\"metadata\": {\"a\": \"1\", \"a\": \"2\"}, ", 1);
        assert_eq!(send(path, nested).await.0, json!("metadata.a"), "{path}");
        let unknown = (json!("foo"), "unknown_parameter".to_owned());
        assert_eq!(send(&format!("{path}?foo=1"), ask.to_string()).await, unknown, "{path}");
        assert_eq!(send(&format!("{path}?&%66oo"), ask.to_string()).await, unknown, "{path}");
    }
    for path in ["/v1/models?limit=5", "/v1/models/stub?limit="] {
        assert_eq!(refusal(&get_by(SECRET, &stand, path).await).2, json!("limit"), "{path}");
    }
    assert_eq!(refusal(&get_by("guessed", &stand, "/v1/models?limit=5").await).0, 401, "the key comes first");
    assert_eq!(stand.upstream.asked().len(), 0, "nothing of this went on");
    let [.., (path, ask)] = asks(&json!({}));
    assert_eq!(
        post(&stand, &format!("{path}?beta=true"), &ask).await.status,
        200,
        "as OpenAI's clients have it"
    );
    assert_eq!(get_by(SECRET, &stand, "/v1/models?").await.status, 200);
}

#[tokio::test]
async fn fields_of_the_contract_are_told_by_openai_s_names() {
    let stand = Stand::start(Script::Greet).await;
    let empty = json!({"model": "stub", "messages": [{"role": "user", "content": "Hi"},
        {"role": "user", "content": ""}], "max_completion_tokens": 3, "min_tokens": 4});
    let answer = post(&stand, CHAT, &empty).await;
    assert_eq!(refusal(&answer).2, "messages[1].content");
    let said = document(&answer)["error"]["message"].as_str().unwrap().to_owned();
    assert!(said.contains("messages[1].content: is required; min_tokens: "), "{said}");

    let mut details = ErrorDetails::with_error_info("INVALID_ARGUMENT", rpc::ERROR_DOMAIN, HashMap::new());
    details.set_bad_request([FieldViolation::new("prompt", "has 99 tokens; the limit is 10")]);
    let long =
        Status::with_error_details(Code::InvalidArgument, "prompt: has 99 tokens; the limit is 10", details);
    let stand = Stand::start(Script::Refuse(long)).await;
    for ((path, ask), name) in asks(&json!({})).into_iter().zip(["messages", "prompt", "input"]) {
        let told = refusal(&post(&stand, path, &ask).await);
        assert_eq!(told, (400, INVALID.to_owned(), json!(name), "invalid_value".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_not_found() {
    let details = ErrorDetails::with_error_info("MODEL_NOT_FOUND", rpc::ERROR_DOMAIN, HashMap::new());
    let unknown = Status::with_error_details(Code::NotFound, "no such model", details);
    let stand = Stand::start(Script::Refuse(unknown)).await;
    let expected = (404, INVALID.to_owned(), Value::Null, "model_not_found".to_owned());
    for model in ["gpt-4o", "Meta/Llama 3"] {
        for (path, ask) in asks(&json!({"model": model})) {
            assert_eq!(refusal(&post(&stand, path, &ask).await), expected, "{path} {model}");
        }
    }
    for path in ["/v1/models/gpt-4o", "/v1/models/Meta%2FLlama", "/v1/models/%FF"] {
        assert_eq!(refusal(&get_by(SECRET, &stand, path).await), expected, "{path}");
    }
}

#[tokio::test]
async fn a_key_reaches_only_the_models_that_it_names() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let digest = hex::encode(Sha256::digest("narrow"));
    write!(file, "[[keys]]\nname = \"narrow\"\nsha256 = \"{digest}\"\nmodels = [\"st*\"]\n").unwrap();
    let stand = Stand::with(Script::Greet, &["--api-keys-file", file.path().to_str().unwrap()]).await;
    for (path, ask) in asks(&json!({"model": "other"})) {
        let (status, class, _, code) = refusal(&post_by("narrow", &stand, path, &ask).await);
        assert_eq!((status, class.as_str(), code.as_str()), (403, "permission_error", "model_forbidden"));
    }
    assert_eq!(refusal(&get_by("narrow", &stand, "/v1/models/other").await).0, 403);
    let listed = document(&get_by("narrow", &stand, "/v1/models").await);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test]
async fn bodies_that_are_no_requests_are_told_so() {
    let stand = Stand::with(Script::Greet, &["--max-message-bytes", "2000"]).await;
    let key = format!("Bearer {SECRET}");
    let send = async |path: &str, kind: &str, body: String| {
        let headers = [("authorization", key.as_str()), ("content-type", kind)];
        let (status, _, _, code) = refusal(&plain::send(stand.address, "POST", path, &headers, body).await);
        (status, code)
    };
    let json = "application/json";
    assert_eq!(send(CHAT, json, "{".into()).await, (400, "malformed_json".to_owned()));
    assert_eq!(send(CHAT, json, "[]".into()).await, (400, "invalid_type".to_owned()));
    assert_eq!(send(CHAT, "text/plain", "{}".into()).await, (415, "unsupported_content_type".to_owned()));
    let long = json!({"model": "stub", "prompt": "x".repeat(2000)}).to_string();
    assert_eq!(send(COMPLETIONS, json, long).await, (413, "body_too_large".to_owned()));
    assert_eq!(send("/v1/embeddings", json, "{}".into()).await, (404, "not_found".to_owned()));
    let get = get_by(SECRET, &stand, CHAT).await;
    assert_eq!((refusal(&get).0, get.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn a_server_that_is_full_says_so_in_the_same_shape() {
    let stand = Stand::full(Script::Greet).await;
    let [(path, ask), ..] = asks(&json!({}));
    let (status, class, _, code) = refusal(&post(&stand, path, &ask).await);
    assert_eq!((status, class.as_str(), code.as_str()), (429, "rate_limit_error", "server_overloaded"));
}

#[tokio::test]
async fn limits_hold_and_are_told_in_headers() {
    let limited = Limited::new(Script::Greet, "keys.requests_per_day = 2").await;
    let ask = json!({"model": "stub", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4});
    let left = |answer: &plain::Answer| answer.header("x-ratelimit-remaining-requests").to_owned();
    assert_eq!(left(&post(&limited.stand, CHAT, &ask).await), "1");
    let mut streamed = ask.clone();
    streamed["stream"] = json!(true);
    assert_eq!(left(&post(&limited.stand, CHAT, &streamed).await), "0");
    let refused = post(&limited.stand, CHAT, &ask).await;
    let (status, class, _, code) = refusal(&refused);
    assert_eq!((status, class.as_str(), code.as_str()), (429, "rate_limit_error", "quota_exceeded"));
    assert_eq!(left(&refused), "0");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn what_a_limit_never_has_room_for_is_no_matter_of_time() {
    let limited = Limited::new(Script::Greet, "keys.tokens_per_day = 40").await;
    let ask = json!({"model": "stub", "prompt": "Once", "max_tokens": 50});
    let refused = post(&limited.stand, COMPLETIONS, &ask).await;
    let told = (400, INVALID.to_owned(), Value::Null, "request_larger_than_limit".to_owned());
    assert_eq!(refusal(&refused), told, "OpenAI's clients try 429 again");
    assert!(!refused.headers.contains_key("retry-after"), "{refused:?}");
}
