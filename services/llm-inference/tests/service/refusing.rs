//! What is refused, and how a caller learns why.

use fault::Fault;
use proto::inference::v1::{
    CountTokensRequest, GenerateTextRequest, GetModelRequest, ListModelsRequest, Message, Sampling, Stop,
};
use runtime::Life;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::stand::{CAPACITY, Stand, Stub, ask, message, open, read, refusal};

/// The fields that an error names, once it is sure that it is about fields.
fn fields(status: &Status) -> Vec<String> {
    assert_eq!(refusal(status), (Code::InvalidArgument, "INVALID_ARGUMENT".into()));
    let wrong = status.get_details_bad_request().expect("no google.rpc.BadRequest").field_violations;
    for field in &wrong {
        assert!(!field.description.is_empty());
        assert!(status.message().contains(&field.field), "{status:?}");
    }
    wrong.into_iter().map(|field| field.field).collect()
}

fn chat(messages: Vec<Message>) -> GenerateTextRequest {
    GenerateTextRequest { messages, ..ask("", 1) }
}

fn sampled(sampling: Sampling) -> GenerateTextRequest {
    GenerateTextRequest { sampling: Some(sampling), ..ask("Once", 1) }
}

fn stopped(stop: Stop) -> GenerateTextRequest {
    GenerateTextRequest { stop: Some(stop), ..ask("Once", 1) }
}

/// Requests with one wrong field each, and its name.
fn wrong_generations() -> Vec<(GenerateTextRequest, &'static str)> {
    let model = |model: &str| GenerateTextRequest { model: model.into(), ..ask("Once", 1) };
    let user = || message("user", "Hi");
    vec![
        (model(""), "model"),
        (model("Not A Name"), "model"),
        (ask("", 1), "messages"),
        (GenerateTextRequest { messages: vec![user()], ..ask("Once", 1) }, "prompt"),
        (chat(vec![message("robot", "Hi")]), "messages[0].role"),
        (chat(vec![user(), message("user", "")]), "messages[1].text"),
        (chat(vec![user(), message("assistant", "Hi")]), "messages[1].role"),
        (chat(vec![user(); 1025]), "messages"),
        (chat(vec![message("user", &"x".repeat(CAPACITY as usize))]), "messages"),
        (ask(&"x".repeat((1 << 20) + 1), 1), "prompt"),
        (ask(&"x".repeat(CAPACITY as usize), 1), "prompt"),
        (ask("Once", CAPACITY + 1), "max_tokens"),
        (sampled(Sampling { temperature: -0.1, ..Sampling::default() }), "sampling.temperature"),
        (sampled(Sampling { temperature: f32::NAN, ..Sampling::default() }), "sampling.temperature"),
        (sampled(Sampling { top_k: 258, ..Sampling::default() }), "sampling.top_k"),
        (sampled(Sampling { top_p: Some(0.0), ..Sampling::default() }), "sampling.top_p"),
        (sampled(Sampling { top_p: Some(1.1), ..Sampling::default() }), "sampling.top_p"),
        (sampled(Sampling { min_p: -0.1, ..Sampling::default() }), "sampling.min_p"),
        (
            sampled(Sampling { repetition_penalty: Some(0.0), ..Sampling::default() }),
            "sampling.repetition_penalty",
        ),
        (sampled(Sampling { presence_penalty: 2.1, ..Sampling::default() }), "sampling.presence_penalty"),
        (sampled(Sampling { frequency_penalty: -2.1, ..Sampling::default() }), "sampling.frequency_penalty"),
        (stopped(Stop { strings: vec!["x".into(); 9], ..Stop::default() }), "stop.strings"),
        (stopped(Stop { strings: vec!["x".into(), String::new()], ..Stop::default() }), "stop.strings[1]"),
        (stopped(Stop { strings: vec!["x".repeat(257)], ..Stop::default() }), "stop.strings[0]"),
        (stopped(Stop { min_tokens: 2, ..Stop::default() }), "stop.min_tokens"),
    ]
}

/// api refuses by the contract alone what the engine would refuse too, so that all mistakes come back at once.
#[test]
fn the_contract_and_the_engine_hold_the_same_ranges() {
    let of_the_model = ["sampling.top_k", "max_tokens"];
    let ranges = wrong_generations().into_iter().filter(|(_, field)| {
        (field.starts_with("sampling.") || field.starts_with("stop.")) && !of_the_model.contains(field)
    });
    let mut seen = 0;
    for (request, field) in ranges {
        let refused = contract::check_generation(&request).expect_err(field);
        let fields: Vec<_> = refused.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, [field]);
        seen += 1;
    }
    assert!(seen >= 10, "{seen} ranges");
}

#[tokio::test]
async fn every_invalid_parameter_is_named() {
    let stand = Stand::start([Stub::default()]);
    let mut client = stand.client();
    for (request, field) in wrong_generations() {
        let unary = client.generate_text(request.clone()).await.expect_err(field);
        assert_eq!(fields(&unary), [field]);
        let streamed = client.stream_generate_text(request).await.expect_err(field);
        assert_eq!(fields(&streamed), [field]);
    }
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once() {
    let stand = Stand::start([Stub::default()]);
    let request = GenerateTextRequest {
        max_tokens: CAPACITY + 1,
        ..sampled(Sampling { temperature: 3.0, min_p: 2.0, ..Sampling::default() })
    };
    let status = stand.client().generate_text(request).await.unwrap_err();
    assert_eq!(fields(&status), ["sampling.temperature", "sampling.min_p", "max_tokens"]);
}

#[tokio::test]
async fn the_other_calls_name_their_fields_too() {
    let stand = Stand::start([Stub::default()]);
    let mut client = stand.client();
    for (model, prompt, field) in [("", "Once", "model"), ("stub", "", "messages")] {
        let request = CountTokensRequest {
            model: model.into(),
            prompt: prompt.into(),
            ..CountTokensRequest::default()
        };
        assert_eq!(fields(&client.count_tokens(request).await.unwrap_err()), [field]);
    }
    for (page_size, page_token, field) in [(-1, "", "page_size"), (0, "no such token", "page_token")] {
        let request = ListModelsRequest { page_size, page_token: page_token.into() };
        assert_eq!(fields(&client.list_models(request).await.unwrap_err()), [field]);
    }
    for name in ["", "stub", "models/", "models/Not A Name"] {
        let status = client.get_model(GetModelRequest { name: name.into() }).await.unwrap_err();
        assert_eq!(fields(&status), ["name"], "{name:?}");
    }
}

#[tokio::test]
async fn an_unknown_model_is_not_found_and_the_others_are_not_named() {
    let stand = Stand::start([Stub::named("one"), Stub::named("two")]);
    let mut client = stand.client();
    let model = || "three".to_owned();
    let generate = GenerateTextRequest { model: model(), ..ask("Once", 1) };
    let count = CountTokensRequest { model: model(), prompt: "Once".into(), ..CountTokensRequest::default() };
    for status in [
        client.generate_text(generate.clone()).await.unwrap_err(),
        client.stream_generate_text(generate).await.unwrap_err(),
        client.count_tokens(count).await.unwrap_err(),
        client.get_model(GetModelRequest { name: "models/three".into() }).await.unwrap_err(),
    ] {
        assert_eq!(refusal(&status), (Code::NotFound, "MODEL_NOT_FOUND".into()));
        for word in ["\"three\"", "ListModels"] {
            assert!(status.message().contains(word), "{status:?}");
        }
        assert!(!status.message().contains("one"), "not every key may know of all: {status:?}");
    }
}

#[tokio::test]
async fn messages_need_a_chat_template_and_a_prompt_does_not() {
    let stand = Stand::start([Stub { chat: false, ..Stub::default() }]);
    let mut client = stand.client();
    let status = client.generate_text(chat(vec![message("user", "Hi")])).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::FailedPrecondition, "NO_CHAT_TEMPLATE".into()));
    assert!(status.message().contains("give prompt instead"), "{status:?}");
    client.generate_text(ask("Hi", 1)).await.unwrap();
}

#[tokio::test]
async fn an_oversized_message_is_refused_unread() {
    let stand = Stand::start_on(Life::new(), &["--max-message-bytes", "1000"], [Stub::default()]);
    let status = stand.client().generate_text(ask(&"x".repeat(1000), 1)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::OutOfRange, "OUT_OF_RANGE".into()));
    stand.client().generate_text(ask(&"x".repeat(900), 1)).await.unwrap();
}

#[tokio::test]
async fn a_refusal_leaves_no_trace_in_the_queue() {
    let stand = Stand::start([Stub { slots: 1, max_waiting: 0, ..Stub::default() }]);
    for _ in 0..3 {
        stand.client().generate_text(ask("Once", CAPACITY + 1)).await.unwrap_err();
    }
    let events = read(open(&stand, tonic::Request::new(ask("Once", 1))).await).await.unwrap();
    assert_eq!(events.len(), 2);
}
