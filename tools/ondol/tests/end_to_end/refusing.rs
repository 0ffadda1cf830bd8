//! What is refused, by whichever service notices, and how a caller learns why.

use proto::inference::v1::{GenerateTextRequest, Message, Sampling, Stop};
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::stack::{MODEL, Stack, ask, refusal};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_model_is_not_found_and_the_known_one_is_not_named() {
    let Some(stack) = Stack::shared() else { return };
    let request = GenerateTextRequest { model: "gpt-7".into(), ..ask("Hi", 1) };
    let status = stack.client().generate_text(stack.keyed(request)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::NotFound, "MODEL_NOT_FOUND".into()));
    let said = status.message();
    assert!(said.contains("ListModels") && !said.contains(MODEL), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_key_and_no_key_are_unauthenticated() {
    let Some(stack) = Stack::shared() else { return };
    let mut bad = Request::new(ask("Hi", 1));
    bad.metadata_mut().insert("authorization", "Bearer ondol_guessed".parse().unwrap());
    for request in [bad, Request::new(ask("Hi", 1))] {
        let status = stack.client().generate_text(request).await.unwrap_err();
        assert_eq!(refusal(&status), (Code::Unauthenticated, "UNAUTHENTICATED".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_prompt_is_told_the_limit() {
    let Some(stack) = Stack::shared() else { return };
    let mut client = stack.client();
    let too_many_tokens = stack.keyed(ask(&"word ".repeat(5000), 1));
    let status = client.generate_text(too_many_tokens).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let wrong = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(wrong[0].field, "messages");
    assert!(wrong[0].description.contains("2047"), "{status:?}");

    let too_many_bytes = stack.keyed(ask(&"x".repeat(5 << 20), 1));
    let status = client.generate_text(too_many_bytes).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::OutOfRange, "OUT_OF_RANGE".into()));
}

/// Requests with one wrong field each, and its name.
fn wrong() -> Vec<(GenerateTextRequest, &'static str)> {
    let request = || ask("Hi", 1);
    let said = |role: &str, text: &str| Message { role: role.into(), text: text.into() };
    let messages = |messages| GenerateTextRequest { messages, ..request() };
    let sampling = |sampling| GenerateTextRequest { sampling: Some(sampling), ..request() };
    let stop = |stop| GenerateTextRequest { stop: Some(stop), ..request() };
    let strings = |strings: &[&str]| Stop {
        strings: strings.iter().map(ToString::to_string).collect(),
        ..Stop::default()
    };
    vec![
        (GenerateTextRequest { model: String::new(), ..request() }, "model"),
        (messages(Vec::new()), "messages"),
        (GenerateTextRequest { prompt: "Hi".into(), ..request() }, "prompt"),
        (messages(vec![said("robot", "Hi")]), "messages[0].role"),
        (messages(vec![said("user", "")]), "messages[0].text"),
        (messages(vec![said("user", "Hi"), said("assistant", "Hi")]), "messages[1].role"),
        (sampling(Sampling { temperature: 2.5, ..Sampling::default() }), "sampling.temperature"),
        (sampling(Sampling { top_k: 1 << 20, ..Sampling::default() }), "sampling.top_k"),
        (sampling(Sampling { top_p: Some(0.0), ..Sampling::default() }), "sampling.top_p"),
        (sampling(Sampling { min_p: 1.5, ..Sampling::default() }), "sampling.min_p"),
        (
            sampling(Sampling { repetition_penalty: Some(-1.0), ..Sampling::default() }),
            "sampling.repetition_penalty",
        ),
        (sampling(Sampling { presence_penalty: 9.0, ..Sampling::default() }), "sampling.presence_penalty"),
        (sampling(Sampling { frequency_penalty: -9.0, ..Sampling::default() }), "sampling.frequency_penalty"),
        (stop(strings(&["x"; 9])), "stop.strings"),
        (stop(strings(&["x", ""])), "stop.strings[1]"),
        (stop(Stop { min_tokens: 2, ..Stop::default() }), "stop.min_tokens"),
        (ask("Hi", 1 << 20), "max_tokens"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_invalid_parameter_is_named() {
    let Some(stack) = Stack::shared() else { return };
    let mut client = stack.client();
    for (request, field) in wrong() {
        let status = client.generate_text(stack.keyed(request)).await.expect_err(field);
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        let wrong = status.get_details_bad_request().expect("no google.rpc.BadRequest").field_violations;
        let names: Vec<_> = wrong.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(names, [field]);
    }
}
