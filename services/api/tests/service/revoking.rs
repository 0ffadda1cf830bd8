//! Keys in Redis, which several replicas share: made at one, they open the others; revoked at one, they open none.

use std::{net::SocketAddr, time::Duration};

use proto::{
    admin::v1::{
        ApiKey, CreateApiKeyRequest, RevokeApiKeyRequest, api_key_service_client::ApiKeyServiceClient,
    },
    inference::v1::{ListModelsRequest, inference_service_client::InferenceServiceClient},
};
use testkit::Redis;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::{
    house::{by, channel},
    keys::key_file,
    scripted::Script,
    stand::Stand,
};

/// What is promised.
const WITHIN: Duration = Duration::from_secs(5);

async fn calls(address: SocketAddr, secret: &str) -> Result<(), Status> {
    let mut client = InferenceServiceClient::new(channel(address));
    client.list_models(by(secret, ListModelsRequest::default())).await.map(drop)
}

#[tokio::test]
async fn a_key_revoked_at_one_replica_opens_none_within_five_seconds() {
    let redis = Redis::start().unwrap();
    let (url, file) = (redis.url(), key_file("first", "scopes = [\"admin\"]"));
    let flags = ["--accounts-redis-url", url.as_str(), "--api-keys-file", file.path().to_str().unwrap()];
    let replicas = [Stand::with(Script::Greet, &flags).await, Stand::with(Script::Greet, &flags).await];
    let mut keys = ApiKeyServiceClient::new(channel(replicas[0].address));
    let key = ApiKey { owner: "team-a".into(), ..ApiKey::default() };
    let made = keys.create_api_key(by("first", CreateApiKeyRequest { api_key: Some(key) })).await.unwrap();
    let made = made.into_inner();
    for replica in &replicas {
        calls(replica.address, &made.secret).await.unwrap();
    }

    let name = made.api_key.unwrap().name;
    keys.revoke_api_key(by("first", RevokeApiKeyRequest { name })).await.unwrap();
    let revoked = Instant::now();
    for replica in &replicas {
        // A key in use is the hard case: what is known of it is looked up again and again.
        let mut told = Ok(());
        while told.is_ok() {
            assert!(revoked.elapsed() < WITHIN, "it still opens");
            told = calls(replica.address, &made.secret).await;
        }
        assert_eq!(told.unwrap_err().code(), Code::Unauthenticated);
    }
}
