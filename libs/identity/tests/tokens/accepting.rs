//! Who is let in, and as whom.

use std::time::Duration;

use accounts::{KeyArguments, Keyring, Keys as Keyed};
use fault::{Fault, Kind};
use http::{HeaderMap, header::AUTHORIZATION};
use identity::Callers;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::issuer::{Keys, NOW, beside, header};

#[tokio::test]
async fn a_good_token_names_its_caller() {
    beside("grants = { scopes = [\"shopping\"] }", |scene| async move {
        let token = scene.keys.sign(&header(), &scene.claims());
        assert!(identity::is_token(token.as_bytes()));
        let account = scene.of(&token).await.unwrap();
        assert_eq!((account.id.as_str(), account.name.as_str()), ("token:corp:alice", "corp:alice"));
        assert_eq!(account.grants.to_line(), "scopes=shopping");
        let elliptic = json!({"alg": "ES256", "typ": "at+jwt", "kid": "ec"});
        let token = scene.keys.sign_elliptic(&elliptic, &scene.claims());
        assert_eq!(scene.of(&token).await.unwrap().name, "corp:alice");
    })
    .await;
}

#[tokio::test]
async fn whoever_may_call_is_known_by_a_token_or_a_key_and_never_by_both() {
    beside("", |scene| async move {
        let file = KeyArguments {
            api_keys_file: None,
            api_keys: vec![format!("laptop:{}", hex::encode(Sha256::digest("secret")))],
        };
        let keyring = Keyring::of_file(Keyed::load(&file).unwrap());
        let callers = Callers::new(keyring, scene.identities.clone());
        let token = scene.keys.sign(&header(), &scene.claims());
        for (bearer, name) in
            [(token.as_str(), Some("corp:alice")), ("secret", Some("laptop")), ("other", None)]
        {
            let value = format!("Bearer {bearer}").parse().unwrap();
            let headers: HeaderMap = [(AUTHORIZATION, value)].into_iter().collect();
            let account = callers.caller(&headers, None).await;
            assert_eq!(account.ok().as_ref().map(|account| account.name.as_str()), name);
        }
        let refused = callers.caller(&HeaderMap::new(), None).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unauthenticated);
        assert!(refused.public_message().contains("Bearer KEY"), "{refused:?}");
        assert!(callers.anybody(&HeaderMap::new(), None).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn one_of_several_audiences_is_enough_and_clocks_may_differ() {
    beside("claims = { scopes = \"scope\" }\nprincipal = \"email\"", |scene| async move {
        let mut claims = scene.claims();
        claims["aud"] = json!(["other", "ondol"]);
        claims["exp"] = json!(NOW - 29);
        claims["nbf"] = json!(NOW + 30);
        claims["email"] = json!("bob@example.com");
        claims["scope"] = json!("openid admin");
        // Only one key can be meant by an algorithm that no other has.
        let token = scene.keys.sign(&json!({"alg": "RS256"}), &claims);
        let account = scene.of(&token).await.unwrap();
        assert_eq!(account.name, "corp:bob@example.com");
        assert_eq!(account.grants.to_line(), "scopes=admin,openid");
    })
    .await;
}

#[tokio::test]
async fn a_rotated_key_is_fetched_and_the_old_one_forgotten() {
    beside("", |scene| async move {
        let old = scene.keys.sign(&header(), &scene.claims());
        scene.of(&old).await.unwrap();
        let keys = Keys::new();
        let mut published = keys.published();
        published[0]["kid"] = json!("new");
        scene.shelf.publish(Some(published));
        let mut named = header();
        named["kid"] = json!("new");
        let new = keys.sign(&named, &scene.claims());
        // Somebody was asked a moment ago.
        assert_eq!(scene.of(&new).await.unwrap_err().kind(), Kind::Unauthenticated);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(31)).await;
        tokio::time::resume();
        scene.of(&new).await.unwrap();
        assert_eq!(scene.of(&old).await.unwrap_err().kind(), Kind::Unauthenticated);
    })
    .await;
}

#[tokio::test]
async fn while_the_issuer_is_away_nobody_is_called_a_liar() {
    beside("", |scene| async move {
        scene.shelf.publish(None);
        let token = scene.keys.sign(&header(), &scene.claims());
        let error = scene.of(&token).await.unwrap_err();
        assert_eq!((error.kind(), error.reason()), (Kind::Unavailable, "ISSUER_UNAVAILABLE"));
        assert!(error.retry_after().is_some());
        let message = error.public_message().into_owned();
        assert!(!message.contains(&scene.url) && !message.contains("corp"), "{message}");
    })
    .await;
}
