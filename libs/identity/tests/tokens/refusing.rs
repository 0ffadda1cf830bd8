//! Who is not let in, and what is told of that.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fault::{Fault, Kind};
use identity::{IdentityError, Refusal};
use serde_json::{Value, json};

use crate::issuer::{Keys, NOW, Scene, beside, header, message};

async fn refused(scene: &Scene, token: &str) -> Refusal {
    let error = scene.of(token).await.map(|account| account.name.clone()).unwrap_err();
    assert_eq!((error.kind(), error.reason()), (Kind::Unauthenticated, "UNAUTHENTICATED"));
    let said = error.public_message().into_owned();
    assert!(!said.contains(&scene.url) && !said.contains("corp"), "{said}");
    let IdentityError::Refused(refusal) = error else { panic!("{error}") };
    refusal
}

#[tokio::test]
async fn a_signed_token_has_to_say_the_right_things() {
    beside("", |scene| async move {
        for (claim, value, refusal) in [
            ("iss", json!("https://evil.example"), Refusal::Issuer),
            ("iss", json!(format!("{}/", scene.url)), Refusal::Issuer),
            ("iss", json!([scene.url]), Refusal::Unreadable),
            ("iss", Value::Null, Refusal::Unreadable),
            ("aud", json!("other"), Refusal::Audience),
            ("aud", json!(["ondol2", "ond"]), Refusal::Audience),
            ("aud", json!([]), Refusal::Audience),
            ("aud", Value::Null, Refusal::Claims),
            ("aud", json!(7), Refusal::Claims),
            ("exp", json!(NOW - 30), Refusal::Expired),
            ("exp", json!(0), Refusal::Expired),
            ("exp", json!("4000000000"), Refusal::Claims),
            ("exp", Value::Null, Refusal::Claims),
            ("nbf", json!(NOW + 31), Refusal::Early),
            ("nbf", json!("soon"), Refusal::Claims),
            ("sub", json!(""), Refusal::Principal),
            ("sub", Value::Null, Refusal::Principal),
            ("cnf", json!({"jkt": "x"}), Refusal::Bound),
        ] {
            let mut claims = scene.claims();
            claims[claim] = value.clone();
            let token = scene.keys.sign(&header(), &claims);
            assert_eq!(refused(&scene, &token).await, refusal, "{claim}: {value}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_header_decides_nothing_that_its_issuer_has_not() {
    beside("", |scene| async move {
        for (field, value, refusal) in [
            ("alg", json!("none"), Refusal::Unreadable),
            ("alg", json!("None"), Refusal::Unreadable),
            ("alg", Value::Null, Refusal::Unreadable),
            ("alg", json!("HS256"), Refusal::Algorithm),
            ("alg", json!("RS512"), Refusal::Algorithm),
            ("alg", json!("ES256"), Refusal::Algorithm),
            ("kid", json!("unknown"), Refusal::Key),
            ("kid", json!("ec"), Refusal::Algorithm),
            ("kid", json!(7), Refusal::Unreadable),
            ("crit", json!(["exp"]), Refusal::Critical),
            ("crit", json!([]), Refusal::Critical),
            ("typ", json!("logout+jwt"), Refusal::Type),
            ("typ", json!("dpop+jwt"), Refusal::Type),
        ] {
            let mut header = header();
            header[field] = value.clone();
            let token = scene.keys.sign(&header, &scene.claims());
            assert_eq!(refused(&scene, &token).await, refusal, "{field}: {value}");
        }
        // A key that came with the token is not looked at.
        let stranger = Keys::new();
        let mut own = header();
        own["jwk"] = stranger.published()[0].clone();
        own["jku"] = json!("https://evil.example/keys");
        let token = stranger.sign(&own, &scene.claims());
        assert_eq!(refused(&scene, &token).await, Refusal::Signature);
    })
    .await;
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    // Even where an operator's list were wrong, the key itself is good for RSA only.
    beside("", |scene| async move {
        for secret in scene.keys.confusing() {
            let header = json!({"alg": "HS256", "typ": "JWT", "kid": "rsa"});
            let message = message(&header, &scene.claims());
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
            assert_eq!(refused(&scene, &format!("{message}.{signature}")).await, Refusal::Algorithm);
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_changed_after_it_was_signed_opens_nothing() {
    beside("", |scene| async move {
        let token = scene.keys.sign(&header(), &scene.claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut claims = scene.claims();
        claims["sub"] = json!("root");
        let forged = message(&header(), &claims);
        for wrong in [
            format!("{forged}.{signature}"),
            format!("{signed}."),
            format!("{signed}.{}", "A".repeat(signature.len())),
            format!("{signed}.{signature}="),
            format!("{signed}.{signature}A"),
            Keys::new().sign(&header(), &scene.claims()),
        ] {
            assert_eq!(refused(&scene, &wrong).await, Refusal::Signature, "{wrong}");
        }
        for wrong in ["", "e", "e..", "eyJ.eyJ.x", "a.b.c.d", "{}.{}.x", "한.글.x"] {
            assert_eq!(refused(&scene, wrong).await, Refusal::Unreadable, "{wrong}");
        }
        let long = format!("{}{token}", "e".repeat(8 * 1024));
        assert_eq!(refused(&scene, &long).await, Refusal::TooLong);
        assert_eq!(scene.of(&token).await.unwrap().name, "corp:alice");
    })
    .await;
}
