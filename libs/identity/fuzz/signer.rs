//! Those who sign tokens: issuers, and others.

use std::sync::LazyLock;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::known::ISSUERS;

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static EDWARDS: LazyLock<Ed25519KeyPair> = LazyLock::new(|| Ed25519KeyPair::generate().unwrap());
static ELLIPTIC: LazyLock<EcdsaKeyPair> = LazyLock::new(elliptic);
static OTHER: LazyLock<EcdsaKeyPair> = LazyLock::new(elliptic);
static STRANGER: LazyLock<EcdsaKeyPair> = LazyLock::new(elliptic);

fn elliptic() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

/// All of them, by the names that requests call them.
pub(crate) const SIGNERS: [(&str, Signer); 7] = [
    ("rsa", Signer::Rsa),
    ("elliptic", Signer::Elliptic),
    ("edwards", Signer::Edwards),
    ("other", Signer::Other),
    ("stranger", Signer::Stranger),
    ("confused", Signer::Confused),
    ("nobody", Signer::Nobody),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The first issuer, by one of its keys each.
    Rsa,
    Elliptic,
    Edwards,
    /// The second issuer, whose key has the same name as one of the first's.
    Other,
    /// Somebody whose key no issuer publishes.
    Stranger,
    /// Somebody who takes the first issuer's public key for a secret.
    Confused,
    /// The signature is empty.
    Nobody,
}

impl Signer {
    /// The issuer that vouches, the algorithm and the name of the key.
    pub(crate) fn issued(self) -> Option<(&'static str, &'static str, &'static str)> {
        let [a, b] = ISSUERS;
        match self {
            Self::Rsa => Some((a, "RS256", "rsa")),
            Self::Elliptic => Some((a, "ES256", "ec")),
            Self::Edwards => Some((a, "EdDSA", "ed")),
            Self::Other => Some((b, "ES256", "ec")),
            Self::Stranger | Self::Confused | Self::Nobody => None,
        }
    }

    /// A token of these bytes.
    pub(crate) fn token(self, header: &[u8], claims: &[u8]) -> Vec<u8> {
        let message = format!("{}.{}", text(header), text(claims));
        format!("{message}.{}", text(self.signature(message.as_bytes()))).into_bytes()
    }

    fn signature(self, message: &[u8]) -> Vec<u8> {
        let by = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
        match self {
            Self::Rsa => {
                let mut signature = vec![0; RSA.public_modulus_len()];
                RSA.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Self::Elliptic => by(&ELLIPTIC),
            Self::Edwards => EDWARDS.sign(message).as_ref().to_vec(),
            Self::Other => by(&OTHER),
            Self::Stranger => by(&STRANGER),
            Self::Confused => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, RSA.public_key().as_ref());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Self::Nobody => Vec::new(),
        }
    }

    /// The public key as an issuer publishes it; nothing of those who are none.
    pub(crate) fn published(self) -> Value {
        let on_curve = |key: &EcdsaKeyPair| {
            let point = key.public_key().as_ref();
            json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
        };
        match self {
            Self::Rsa => {
                let public = RSA.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero();
                let exponent = public.exponent().big_endian_without_leading_zero();
                json!({"kty": "RSA", "kid": "rsa", "use": "sig", "n": text(modulus), "e": text(exponent)})
            }
            Self::Elliptic => on_curve(&ELLIPTIC),
            Self::Edwards => {
                json!({"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": text(EDWARDS.public_key().as_ref())})
            }
            Self::Other => on_curve(&OTHER),
            Self::Stranger | Self::Confused | Self::Nobody => Value::Null,
        }
    }
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
