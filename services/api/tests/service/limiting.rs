//! Who is refused by limits: of a key, of a model and of all together, and what is said then.

use futures::future::join_all;
use proto::{
    inference::v1::{GenerateTextRequest, ListModelsRequest},
    tools::v1::{CallToolRequest, ListToolsRequest, tool_service_client::ToolServiceClient},
};
use serde_json::Value;
use tokio::sync::watch;
use tonic::Code;
use tonic_types::StatusExt;

use crate::{
    house::by,
    keys::key_file,
    limited::{Limited, ask_for, number, subjects},
    plain,
    scripted::Script,
    stand::{SECRET, ask, keyed, refusal},
};

#[tokio::test]
async fn of_requests_at_once_exactly_as_many_are_let_in_as_the_limit_says() {
    let limited = Limited::new(Script::Greet, "keys.requests_per_day = 50").await;
    let mut client = limited.stand.client();
    client.list_models(keyed(ListModelsRequest::default())).await.unwrap();
    let answers = join_all((0..200).map(|_| {
        let mut client = client.clone();
        async move { client.generate_text(keyed(ask())).await }
    }));
    let answers = answers.await;
    let (granted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((granted.len(), refused.len()), (49, 151));
    for refused in refused {
        let refused = refused.unwrap_err();
        assert_eq!(refusal(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
        assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    }
    // One to learn the context, and those that were let in.
    assert_eq!(limited.stand.upstream.asked().len(), 1 + 1 + 49);
}

#[tokio::test]
async fn a_slot_is_free_again_when_its_caller_goes_away() {
    let limited = Limited::new(Script::Hold, "keys.concurrency = 1").await;
    let mut client = limited.stand.client();
    let mut held = client.stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    held.message().await.unwrap().unwrap();
    let refused = client.stream_generate_text(keyed(ask())).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::ResourceExhausted, "TOO_MANY_AT_ONCE".to_owned()));
    assert_eq!(subjects(&refused), ["key:file:laptop"]);
    drop(held);
    let again = async { while client.stream_generate_text(keyed(ask())).await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), again).await.unwrap();
}

#[tokio::test]
async fn a_key_has_its_own_limits_before_those_of_all_keys() {
    let file = key_file("narrow", "limits.requests_per_day = 1");
    let flags = ["--api-keys-file", file.path().to_str().unwrap()];
    let limited = Limited::with(Script::Greet, "keys.requests_per_day = 2", &flags).await;
    let mut client = limited.stand.client();
    client.generate_text(by("narrow", ask())).await.unwrap();
    let refused = client.generate_text(by("narrow", ask())).await.unwrap_err();
    assert_eq!(subjects(&refused), ["key:file:special"]);
    for _ in 0..2 {
        client.generate_text(keyed(ask())).await.unwrap();
    }
    let refused = client.generate_text(keyed(ask())).await.unwrap_err();
    assert_eq!(subjects(&refused), ["key:file:laptop"]);
}

#[tokio::test]
async fn a_model_is_limited_for_all_callers_together_and_others_are_not() {
    let file = key_file("second", "");
    let flags = ["--api-keys-file", file.path().to_str().unwrap()];
    let table = "[models.\"st*\"]\nrequests_per_day = 2\n[global]\nrequests_per_day = 5";
    let limited = Limited::with(Script::Greet, table, &flags).await;
    let mut client = limited.stand.client();
    let other = || GenerateTextRequest { model: "other".into(), ..ask() };
    client.generate_text(keyed(ask())).await.unwrap();
    client.generate_text(by("second", ask())).await.unwrap();
    for secret in [SECRET, "second"] {
        let refused = client.generate_text(by(secret, ask())).await.unwrap_err();
        assert_eq!(subjects(&refused), ["model:stub"]);
        assert!(refused.message().contains("the model `stub`"), "{refused:?}");
    }
    for _ in 0..3 {
        client.generate_text(keyed(other())).await.unwrap();
    }
    let refused = client.generate_text(by("second", other())).await.unwrap_err();
    assert_eq!(subjects(&refused), ["global"]);
}

#[tokio::test]
async fn a_name_that_no_model_has_is_a_request_of_its_caller() {
    let table = "[keys]\nrequests_per_day = 2\n[models.\"*\"]\nrequests_per_day = 1";
    let limited = Limited::new(Script::Greet, table).await;
    let mut client = limited.stand.client();
    let missing = || keyed(GenerateTextRequest { model: "missing".into(), ..ask() });
    for left in [1, 0] {
        let unknown = client.generate_text(missing()).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        assert_eq!(number(unknown.metadata(), "x-ratelimit-remaining-requests"), left);
    }
    let refused = client.stream_generate_text(missing()).await.unwrap_err();
    assert_eq!(subjects(&refused), ["key:file:laptop"]);
}

#[tokio::test]
async fn a_call_of_a_tool_is_a_request_and_a_look_at_the_list_is_none() {
    let nobody = ["--mcp-url", "http://127.0.0.1:1"];
    let limited = Limited::with(Script::Greet, "keys.requests_per_day = 1", &nobody).await;
    let mut client = ToolServiceClient::new(limited.stand.channel());
    let call = || keyed(CallToolRequest { name: "tools/any".into(), ..CallToolRequest::default() });
    let away = client.call_tool(call()).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable);
    assert_eq!(number(away.metadata(), "x-ratelimit-remaining-requests"), 0);
    let refused = client.call_tool(call()).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
    let away = client.list_tools(keyed(ListToolsRequest::default())).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable);
}

#[tokio::test]
async fn every_answer_tells_how_the_limits_stand() {
    let table = "[keys]\nrequests_per_day = 2\ntokens_per_minute = 6000";
    let limited = Limited::new(Script::Greet, table).await;
    let mut client = limited.stand.client();
    let answer = client.generate_text(keyed(ask_for(8))).await.unwrap();
    let of = |name: &str| number(answer.metadata(), name);
    assert_eq!((of("x-ratelimit-limit-requests"), of("x-ratelimit-remaining-requests")), (2, 1));
    assert!((1..=86_400).contains(&of("x-ratelimit-reset-requests")));
    assert_eq!((of("x-ratelimit-limit-tokens"), of("x-ratelimit-remaining-tokens")), (6_000, 5_980));
    let stream = client.stream_generate_text(keyed(ask_for(8))).await.unwrap();
    assert_eq!(number(stream.metadata(), "x-ratelimit-remaining-requests"), 0);
    assert!(stream.metadata().get("x-internal").is_none());
    let refused = client.generate_text(keyed(ask_for(8))).await.unwrap_err();
    assert_eq!(number(refused.metadata(), "x-ratelimit-remaining-requests"), 0);

    let key = format!("Bearer {SECRET}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let path = "/api/v1/models/stub:generateText";
    let plain = plain::send(limited.stand.address, "POST", path, &headers, r#"{"prompt": "Once"}"#).await;
    assert_eq!(plain.refusal(), (429, "QUOTA_EXCEEDED".to_owned()));
    assert_eq!(plain.header("x-ratelimit-limit-requests"), "2");
    assert!(plain.header("retry-after").parse::<u64>().unwrap() >= 1);
    let body: Value = serde_json::from_str(plain.text()).unwrap();
    let details = body["error"]["details"].as_array().unwrap();
    let quota = |it: &&Value| it["@type"] == "type.googleapis.com/google.rpc.QuotaFailure";
    let quota = details.iter().find(quota).unwrap_or_else(|| panic!("{body}"));
    assert_eq!(quota["violations"][0]["subject"], "key:file:laptop");
    assert_eq!(body["error"]["type"], "rate_limit_error");
}

#[tokio::test]
async fn what_is_larger_than_a_limit_is_not_to_be_tried_again() {
    let limited = Limited::new(Script::Greet, "keys.tokens_per_day = 40").await;
    let refused = limited.stand.client().generate_text(keyed(ask_for(50))).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::FailedPrecondition, "REQUEST_LARGER_THAN_LIMIT".to_owned()));
    assert_eq!(subjects(&refused), ["key:file:laptop"]);
    assert!(refused.get_details_retry_info().is_none(), "{refused:?}");
    limited.stand.client().generate_text(keyed(ask_for(20))).await.unwrap();
}

#[tokio::test]
async fn refusals_are_counted_by_whose_the_limit_is_and_what_it_bounds() {
    let (_never, wait) = watch::channel(false);
    let limited = Limited::new(Script::Wait(wait), "global.tokens_per_day = 40").await;
    let mut client = limited.stand.client();
    let _held = client.stream_generate_text(keyed(ask_for(20))).await.unwrap();
    client.stream_generate_text(keyed(ask_for(20))).await.unwrap_err();
    let text = limited.stand.life.register(|registry| telemetry::metrics::exposition([&*registry]).unwrap());
    let line = "ondol_limits_exceeded_total{scope=\"global\",measure=\"tokens_per_day\"} 1";
    assert!(text.lines().any(|it| it == line), "{text}");
}
