//! What the fuzz target `published_keys` does with its input. The crate's tests do the same with the seeds.

#[path = "../src/public_key.rs"]
mod public_key;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation, decode};
use serde_json::{Map, Value, json};

/// What an operator could accept, and what nobody may.
const ACCEPTED: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::PS384, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
const SECRETS: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// Takes `bytes` for the keys of an issuer. Each that is read is good for what is accepted and fits its kind, never for what
/// would make a secret of it, and none of them verifies a token that nobody signed.
pub(crate) fn read_keys(bytes: &[u8]) {
    let Ok(set) = serde_json::from_slice::<Value>(bytes) else { return };
    let accepted: Vec<_> = ACCEPTED.into_iter().chain(SECRETS).collect();
    let keys = public_key::read(&set, &accepted);
    assert!(keys.len() <= 64);
    for key in &keys {
        assert!(!key.algorithms.is_empty());
        assert!(key.algorithms.iter().all(|algorithm| ACCEPTED.contains(algorithm)), "{:?}", key.algorithms);
        let told = set["keys"].as_array().unwrap();
        let named = key.id.as_ref().is_none_or(|id| told.iter().any(|told| told["kid"] == id.as_str()));
        assert!(named, "{:?}", key.id);
        for algorithm in &key.algorithms {
            for signature in ["", "AAAA", &"A".repeat(342)] {
                assert!(!verifies(key, *algorithm, signature), "{set}");
            }
        }
    }
    // What is accepted of nobody is read of nobody.
    assert!(public_key::read(&set, &SECRETS).is_empty());
}

fn verifies(key: &public_key::PublicKey, algorithm: Algorithm, signature: &str) -> bool {
    let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let token = format!(
        "{}.{}.{signature}",
        part(json!({ "alg": algorithm })),
        part(json!({"exp": 4_000_000_000_u64}))
    );
    decode::<Map<String, Value>>(token, &key.decoding, &Validation::new(algorithm)).is_ok()
}
