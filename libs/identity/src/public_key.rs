//! A key that an issuer publishes, and what it may be used for.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde_json::Value;

/// Keys of one issuer that are looked at.
const MOST: usize = 64;
const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// One key, with the algorithms that are accepted of it: those that its kind and its issuer's settings have in common, and
/// the key names, where it does. So a public key is never taken for a secret, whatever a token says.
pub(crate) struct PublicKey {
    pub(crate) id: Option<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) decoding: DecodingKey,
}

/// The keys of a set (RFC 7517, section 5) that can verify something; others are passed over, as the RFC has it.
pub(crate) fn read(set: &Value, accepted: &[Algorithm]) -> Vec<PublicKey> {
    let keys = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = keys.iter().take(MOST).filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    read.filter_map(|key| usable(&key, accepted)).collect()
}

fn usable(key: &Jwk, accepted: &[Algorithm]) -> Option<PublicKey> {
    let common = &key.common;
    let is_for_signing = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    let fitting = fitting(&key.algorithm);
    let own = match common.key_algorithm {
        Some(own) => Some(Algorithm::try_from(own).ok()?),
        None => None,
    };
    let fits =
        |algorithm: &&Algorithm| fitting.contains(algorithm) && own.is_none_or(|own| own == **algorithm);
    let algorithms: Vec<_> = accepted.iter().filter(fits).copied().collect();
    if !is_for_signing || !verifies || algorithms.is_empty() {
        return None;
    }
    Some(PublicKey { id: common.key_id.clone(), algorithms, decoding: DecodingKey::from_jwk(key).ok()? })
}

fn fitting(parameters: &AlgorithmParameters) -> &'static [Algorithm] {
    match parameters {
        AlgorithmParameters::RSA(_) => &RSA,
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            &[Algorithm::EdDSA]
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use serde_json::{Value, json};

    use super::read;

    fn algorithms(key: &Value) -> Option<Vec<Algorithm>> {
        let accepted = [Algorithm::RS256, Algorithm::ES256];
        let keys = read(&json!({ "keys": [key] }), &accepted);
        keys.into_iter().next().map(|key| key.algorithms)
    }

    #[test]
    fn a_key_is_good_for_what_its_kind_its_issuer_and_the_operator_say() {
        let rsa = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"});
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"});
        assert_eq!(algorithms(&rsa), Some(vec![Algorithm::RS256]));
        assert_eq!(algorithms(&ec), Some(vec![Algorithm::ES256]));
        for (field, value, is_usable) in [
            ("use", json!("sig"), true),
            ("use", json!("enc"), false),
            ("alg", json!("RS256"), true),
            ("alg", json!("PS256"), false),
            ("alg", json!("HS256"), false),
            ("alg", json!("RSA-OAEP"), false),
            ("alg", json!("new"), false),
            ("key_ops", json!(["verify"]), true),
            ("key_ops", json!(["encrypt"]), false),
            ("n", json!(7), false),
            ("kty", json!("new"), false),
        ] {
            let mut key = rsa.clone();
            key[field] = value.clone();
            assert_eq!(algorithms(&key).is_some(), is_usable, "{field} {value}");
        }
    }

    #[test]
    fn a_secret_is_no_public_key_and_spoils_no_other() {
        let secret = json!({"kty": "oct", "k": "AQAB", "alg": "HS256"});
        assert_eq!(algorithms(&secret), None);
        let good = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"});
        let set = json!({"keys": [secret, "nonsense", {"kty": "RSA"}, good]});
        assert_eq!(read(&set, &[Algorithm::RS256, Algorithm::HS256]).len(), 1);
        assert!(read(&json!([]), &[Algorithm::RS256]).is_empty());
    }
}
