//! What can be checked without a model never takes a model's time.

use proto::inference::v1::{
    CountTokensRequest, GenerateTextRequest, GetModelRequest, ListModelsRequest, Message,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    scripted::Script,
    stand::{Stand, ask, keyed, refusal},
};

/// The one field that an error names.
fn field(status: &Status) -> String {
    assert_eq!(refusal(status), (Code::InvalidArgument, "INVALID_ARGUMENT".into()));
    let wrong = status.get_details_bad_request().expect("no google.rpc.BadRequest").field_violations;
    let [wrong] = &wrong[..] else { panic!("{status:?}") };
    wrong.field.clone()
}

fn said(role: &str, text: &str) -> GenerateTextRequest {
    let messages = vec![Message { role: role.into(), text: text.into() }];
    GenerateTextRequest { messages, prompt: String::new(), ..ask() }
}

#[tokio::test]
async fn a_generation_of_the_wrong_shape_is_refused_at_the_door() {
    let stand = Stand::start(Script::Greet).await;
    let mut client = stand.client();
    for (request, wrong) in [
        (GenerateTextRequest { model: String::new(), ..ask() }, "model"),
        (GenerateTextRequest { model: "No Name".into(), ..ask() }, "model"),
        (GenerateTextRequest { prompt: String::new(), ..ask() }, "messages"),
        (GenerateTextRequest { prompt: "Once".into(), ..said("user", "Hi") }, "prompt"),
        (GenerateTextRequest { prompt: "x".repeat((1 << 20) + 1), ..ask() }, "prompt"),
        (said("robot", "Hi"), "messages[0].role"),
        (said("user", ""), "messages[0].text"),
        (said("assistant", "Hi"), "messages[0].role"),
    ] {
        assert_eq!(field(&client.generate_text(keyed(request.clone())).await.unwrap_err()), wrong);
        let GenerateTextRequest { model, messages, prompt, .. } = request.clone();
        let counted = keyed(CountTokensRequest { model, messages, prompt });
        assert_eq!(field(&client.count_tokens(counted).await.unwrap_err()), wrong);
        assert_eq!(field(&client.stream_generate_text(keyed(request)).await.unwrap_err()), wrong);
    }
    assert!(stand.upstream.asked().is_empty());
}

#[tokio::test]
async fn a_wrong_page_or_name_is_refused_at_the_door() {
    let stand = Stand::start(Script::Greet).await;
    let mut client = stand.client();
    let list = ListModelsRequest { page_size: -1, ..ListModelsRequest::default() };
    assert_eq!(field(&client.list_models(keyed(list)).await.unwrap_err()), "page_size");
    let list = ListModelsRequest { page_token: "guessed".into(), ..ListModelsRequest::default() };
    assert_eq!(field(&client.list_models(keyed(list)).await.unwrap_err()), "page_token");
    let get = GetModelRequest { name: "stub".into() };
    assert_eq!(field(&client.get_model(keyed(get)).await.unwrap_err()), "name");
    assert!(stand.upstream.asked().is_empty());
}
