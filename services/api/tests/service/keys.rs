//! Keys that are made while api runs: what they open, until they are revoked, and who may make them.

use std::io::Write;

use proto::{
    admin::v1::{
        AllowList, ApiKey, ApiKeyGrants, ApiKeyLimits, ApiKeyState, CreateApiKeyRequest, GetApiKeyRequest,
        ListApiKeysRequest, RevokeApiKeyRequest, api_key_service_client::ApiKeyServiceClient,
    },
    inference::v1::{CountTokensRequest, GenerateTextRequest, GetModelRequest, ListModelsRequest},
    jobs::v1::ListJobsRequest,
};
use sha2::{Digest, Sha256};
use tonic::{Code, transport::Channel};

use crate::{
    house::{ADMIN, House, by, channel, fields, text},
    plain,
    scripted::Script,
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
    let kinds = AllowList { values: vec!["batch".into(), "generate".into()] };
    let odd = ApiKeyGrants { jobs: Some(kinds), ..ApiKeyGrants::default() };
    let refused = keys(&house).create_api_key(by(ADMIN, create("a b", Some(odd)))).await.unwrap_err();
    assert_eq!(fields(&refused), ["api_key.owner", "api_key.grants.jobs.values[1]"]);
    assert!(refused.message().contains("generate_text, batch, call_tool"), "{refused:?}");
    let mut limited = create("team-a", None);
    let never = ApiKeyLimits { tokens_per_day: Some(0), ..ApiKeyLimits::default() };
    limited.api_key.get_or_insert_default().limits = Some(never);
    let refused = keys(&house).create_api_key(by(ADMIN, limited)).await.unwrap_err();
    assert_eq!(fields(&refused), ["api_key.limits.tokens_per_day"]);
    let missing = GetApiKeyRequest { name: "apiKeys/00000000000000000000000000000000".into() };
    let refused = keys(&house).get_api_key(by(ADMIN, missing)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let nobody = ListApiKeysRequest { owner: "a b".into(), ..ListApiKeysRequest::default() };
    assert_eq!(fields(&keys(&house).list_api_keys(by(ADMIN, nobody)).await.unwrap_err()), ["owner"]);
    let nameless = GetApiKeyRequest { name: "keys/1".into() };
    assert_eq!(fields(&keys(&house).get_api_key(by(ADMIN, nameless)).await.unwrap_err()), ["name"]);
}

#[tokio::test]
async fn a_key_may_end_as_late_as_times_go_and_whoever_asks_for_more_is_told_how_late_that_is() {
    let house = House::new().await;
    let ending = |seconds| {
        let mut request = create("team-a", None);
        request.api_key.get_or_insert_default().expire_time =
            Some(prost_types::Timestamp { seconds, nanos: 0 });
        request
    };
    // 9999-12-30T22:00:00Z, and 9999-12-31T23:59:59Z.
    let (last, beyond) = (253_402_207_200, 253_402_300_799);
    let made = keys(&house).create_api_key(by(ADMIN, ending(last))).await.unwrap().into_inner();
    assert_eq!(made.api_key.unwrap().expire_time.unwrap().seconds, last);
    let refused = keys(&house).create_api_key(by(ADMIN, ending(beyond))).await.unwrap_err();
    assert_eq!(fields(&refused), ["api_key.expire_time"]);
    assert!(refused.message().contains("until 9999-12-30T22:00:00"), "{refused:?}");
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
    let refused = plain::send(house.address, "POST", path, &headers, r#"{"prompt": "a"}"#).await;
    assert_eq!(refused.refusal(), (403, "MODEL_FORBIDDEN".to_owned()));
}

/// A key file with one more key, and what stands in its table.
pub(crate) fn key_file(secret: &str, more: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let digest = hex::encode(Sha256::digest(secret));
    write!(file, "[[keys]]\nname = \"special\"\nsha256 = \"{digest}\"\n{more}\n").unwrap();
    file
}

async fn stand(file: &tempfile::NamedTempFile) -> Stand {
    Stand::with(Script::Greet, &["--api-keys-file", file.path().to_str().unwrap()]).await
}

#[tokio::test]
async fn of_models_a_key_sees_those_that_it_names() {
    let stand = stand(&key_file("narrow", "models = [\"st*\"]")).await;
    let mut client = stand.client();
    let listed = client.list_models(by("narrow", ListModelsRequest::default())).await.unwrap().into_inner();
    assert_eq!(listed.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["stub"]);
    let all = client.list_models(keyed(ListModelsRequest::default())).await.unwrap().into_inner();
    assert_eq!(all.models.len(), 2);
    let asked = stand.upstream.asked().len();
    let get = GetModelRequest { name: "models/other".into() };
    let count = CountTokensRequest { model: "other".into(), prompt: "a".into(), ..Default::default() };
    let generate = GenerateTextRequest { model: "other".into(), prompt: "a".into(), ..Default::default() };
    for refused in [
        client.get_model(by("narrow", get)).await.unwrap_err(),
        client.count_tokens(by("narrow", count)).await.unwrap_err(),
        client.generate_text(by("narrow", generate.clone())).await.unwrap_err(),
        client.stream_generate_text(by("narrow", generate)).await.unwrap_err(),
    ] {
        assert_eq!(refusal(&refused), (Code::PermissionDenied, "MODEL_FORBIDDEN".to_owned()));
    }
    assert_eq!(stand.upstream.asked().len(), asked, "nothing of this went on");
}

#[tokio::test]
async fn without_a_store_administrators_are_told_what_to_configure() {
    let stand = stand(&key_file("admin", "scopes = [\"admin\"]")).await;
    let mut keys = ApiKeyServiceClient::new(stand.channel());
    let refused = keys.list_api_keys(by("admin", ListApiKeysRequest::default())).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::Unimplemented, "NO_KEY_STORE".to_owned()));
    assert!(refused.message().contains("--accounts-redis-url"), "{refused:?}");
    let refused = keys.list_api_keys(keyed(ListApiKeysRequest::default())).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::PermissionDenied, "ADMIN_SCOPE_REQUIRED".to_owned()));
}

#[tokio::test]
async fn a_created_key_has_the_limits_that_it_was_given() {
    let house = House::new().await;
    let given = ApiKeyLimits { requests_per_day: Some(1), concurrency: Some(9), ..ApiKeyLimits::default() };
    let mut request = create("team-a", None);
    request.api_key.get_or_insert_default().limits = Some(given);
    let made = keys(&house).create_api_key(by(ADMIN, request)).await.unwrap().into_inner();
    assert_eq!(made.api_key.unwrap().limits, Some(given));
    // To look costs nothing.
    for _ in 0..3 {
        house.jobs().list_jobs(by(&made.secret, ListJobsRequest::default())).await.unwrap();
    }
    house.jobs().create_job(by(&made.secret, text("Once"))).await.unwrap();
    let refused = house.jobs().create_job(by(&made.secret, text("Once"))).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
}
