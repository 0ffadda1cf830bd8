//! Which models there are.

use proto::inference::v1::{GetModelRequest, ListModelsRequest, Model, Task};

use crate::stand::{CAPACITY, Stand, Stub};

#[tokio::test]
async fn a_model_is_described_by_its_package_and_its_deployment() {
    let stand = Stand::start([Stub { chat: false, ..Stub::named("plain") }, Stub::named("chatty")]);
    let get = async |name: &str| {
        stand.client().get_model(GetModelRequest { name: name.into() }).await.unwrap().into_inner()
    };
    let expected = Model {
        name: "models/chatty".into(),
        id: "chatty".into(),
        task: Task::TextGeneration.into(),
        precision: "int8".into(),
        context_tokens: CAPACITY,
        trained_context_tokens: 8192,
        vocabulary_size: 257,
        chat: true,
        license: "apache-2.0".into(),
        source_sha256: "c".repeat(64),
    };
    assert_eq!(get("models/chatty").await, expected);
    assert!(!get("models/plain").await.chat);
}

#[tokio::test]
async fn the_list_comes_in_pages_by_name() {
    let stand = Stand::start(["c", "a", "b"].map(Stub::named));
    let mut client = stand.client();
    let (mut pages, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = client.list_models(ListModelsRequest { page_size: 2, page_token }).await.unwrap();
        let page = page.into_inner();
        pages.push(page.models.into_iter().map(|model| model.id).collect::<Vec<_>>());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [vec!["a", "b"], vec!["c"]]);
}
