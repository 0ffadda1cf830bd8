//! Keys that are made while api runs: what they open, until they are revoked, and who may make them.

use proto::{
    admin::v1::{
        AllowList, ApiKey, ApiKeyGrants, ApiKeyState, CreateApiKeyRequest, GetApiKeyRequest,
        ListApiKeysRequest, RevokeApiKeyRequest, api_key_service_client::ApiKeyServiceClient,
    },
    jobs::v1::ListJobsRequest,
};
use tonic::{Code, transport::Channel};

use crate::{
    house::{ADMIN, House, by, channel, fields, text},
    stand::{SECRET, Stand, keyed, refusal},
};

fn keys(house: &House) -> ApiKeyServiceClient<Channel> {
    ApiKeyServiceClient::new(channel(house.address))
}

fn create(owner: &str, grants: Option<ApiKeyGrants>) -> CreateApiKeyRequest {
    CreateApiKeyRequest { api_key: Some(ApiKey { owner: owner.into(), grants, ..ApiKey::default() }) }
}

#[tokio::test]
async fn a_key_opens_the_door_from_its_creation_to_its_end() {
    let house = House::new().await;
    let made = keys(&house).create_api_key(by(ADMIN, create("team-a", None))).await.unwrap().into_inner();
    let key = made.api_key.unwrap();
    assert_eq!((key.owner.as_str(), key.state()), ("team-a", ApiKeyState::Active));
    assert!(made.secret.starts_with(key.hint.trim_end_matches('…')), "{key:?}");
    house.jobs().list_jobs(by(&made.secret, ListJobsRequest::default())).await.unwrap();

    let shown =
        keys(&house).get_api_key(by(ADMIN, GetApiKeyRequest { name: key.name.clone() })).await.unwrap();
    assert_eq!(shown.into_inner(), key, "the secret was shown once");
    let list =
        keys(&house).list_api_keys(by(ADMIN, ListApiKeysRequest::default())).await.unwrap().into_inner();
    assert_eq!(list.api_keys, std::slice::from_ref(&key));

    let revoke = RevokeApiKeyRequest { name: key.name.clone() };
    let revoked = keys(&house).revoke_api_key(by(ADMIN, revoke)).await.unwrap().into_inner();
    assert_eq!(revoked.state(), ApiKeyState::Revoked);
    // Nobody has called with the other one, so nothing is remembered of it.
    let other = keys(&house).create_api_key(by(ADMIN, create("team-b", None))).await.unwrap().into_inner();
    let revoke = RevokeApiKeyRequest { name: other.api_key.unwrap().name };
    keys(&house).revoke_api_key(by(ADMIN, revoke)).await.unwrap();
    let refused = house.jobs().list_jobs(by(&other.secret, ListJobsRequest::default())).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert!(refused.message().contains("revoked"), "{refused:?}");
}

#[tokio::test]
async fn only_administrators_make_keys_and_wrong_fields_are_named() {
    let house = House::new().await;
    let refused = keys(&house).create_api_key(by(SECRET, create("team-a", None))).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::PermissionDenied, "ADMIN_SCOPE_REQUIRED".to_owned()));
    let odd =
        ApiKeyGrants { models: Some(AllowList { values: vec!["a b".into()] }), ..ApiKeyGrants::default() };
    let refused = keys(&house).create_api_key(by(ADMIN, create("a b", Some(odd)))).await.unwrap_err();
    assert_eq!(fields(&refused), ["api_key.owner", "api_key.grants.models.values[0]"]);
    let missing = GetApiKeyRequest { name: "apiKeys/00000000000000000000000000000000".into() };
    let refused = keys(&house).get_api_key(by(ADMIN, missing)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let nameless = GetApiKeyRequest { name: "keys/1".into() };
    assert_eq!(fields(&keys(&house).get_api_key(by(ADMIN, nameless)).await.unwrap_err()), ["name"]);
}

#[tokio::test]
async fn a_key_with_models_reaches_no_other_by_any_way() {
    let house = House::new().await;
    let grants =
        ApiKeyGrants { models: Some(AllowList { values: vec!["qwen*".into()] }), ..ApiKeyGrants::default() };
    let made =
        keys(&house).create_api_key(by(ADMIN, create("team-a", Some(grants)))).await.unwrap().into_inner();
    let refused = house.jobs().create_job(by(&made.secret, text("Once"))).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::PermissionDenied, "MODEL_FORBIDDEN".to_owned()));
    let path = "/api/v1/models/stub:generateText";
    let bearer = format!("Bearer {}", made.secret);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let refused = crate::plain::send(house.address, "POST", path, &headers, r#"{"prompt": "a"}"#).await;
    assert_eq!(refused.refusal(), (403, "MODEL_FORBIDDEN".to_owned()));
}

#[tokio::test]
async fn without_a_store_administrators_are_told_what_to_configure() {
    let stand = Stand::start(crate::scripted::Script::Greet).await;
    let mut keys = ApiKeyServiceClient::new(stand.channel());
    // This key is none of an administrator's, and learns only that.
    let refused = keys.list_api_keys(keyed(ListApiKeysRequest::default())).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::PermissionDenied, "ADMIN_SCOPE_REQUIRED".to_owned()));
}
