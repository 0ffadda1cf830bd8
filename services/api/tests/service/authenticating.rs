//! Nobody comes in without a key.

use proto::inference::v1::{CountTokensRequest, GetModelRequest, ListModelsRequest};
use tonic::{Code, Request};

use crate::{
    scripted::Script,
    stand::{SECRET, Stand, ask, keyed, refusal},
};

#[tokio::test]
async fn a_key_that_is_missing_wrong_or_malformed_reaches_nobody() {
    let stand = Stand::start(Script::Greet).await;
    let good = format!("Bearer {SECRET}");
    let wrong: [&[&str]; 7] = [
        &[],
        &[""],
        &["Bearer"],
        &["Bearer wrong"],
        &[SECRET],
        &["Basic b3Blbi1zZXNhbWU="],
        // Which of two would count?
        &[&good, &good],
    ];
    for values in wrong {
        let mut request = Request::new(ask());
        for value in values {
            request.metadata_mut().append("authorization", value.parse().unwrap());
        }
        let status = stand.client().generate_text(request).await.expect_err("was let in");
        assert_eq!(refusal(&status), (Code::Unauthenticated, "UNAUTHENTICATED".into()), "{values:?}");
        assert!(!status.message().contains(SECRET), "{status:?}");
    }
    assert!(stand.upstream.asked().is_empty());
}

#[tokio::test]
async fn every_call_of_the_service_wants_a_key() {
    let stand = Stand::start(Script::Greet).await;
    let mut client = stand.client();
    for status in [
        client.generate_text(ask()).await.unwrap_err(),
        client.stream_generate_text(ask()).await.unwrap_err(),
        client.count_tokens(CountTokensRequest::default()).await.unwrap_err(),
        client.get_model(GetModelRequest::default()).await.unwrap_err(),
        client.list_models(ListModelsRequest::default()).await.unwrap_err(),
    ] {
        assert_eq!(refusal(&status), (Code::Unauthenticated, "UNAUTHENTICATED".into()));
    }
    assert!(stand.upstream.asked().is_empty());
}

#[tokio::test]
async fn a_known_key_opens_the_door() {
    let stand = Stand::start(Script::Greet).await;
    let answer = stand.client().generate_text(keyed(ask())).await.unwrap().into_inner();
    assert_eq!((answer.model.as_str(), answer.text.as_str()), ("stub", "Hello"));
}
