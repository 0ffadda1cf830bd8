//! The issuer.

use std::{
    io::Write,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use accounts::{Account, Clock};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use axum::{Router, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use identity::{Identities, IdentityArguments, IdentityError, Metrics};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What time it is in these tests, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

/// An RSA key, `rsa`, and an elliptic one, `ec`.
pub(crate) struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

/// What an issuer answers at the moment.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Option<Value>>>);

impl Shelf {
    /// Answers with these keys; with none, that it is away.
    pub(crate) fn publish(&self, keys: Option<Value>) {
        *self.0.lock().unwrap() = keys;
    }

    fn answer(&self) -> Result<String, StatusCode> {
        let keys = self.0.lock().unwrap().clone().ok_or(StatusCode::BAD_GATEWAY)?;
        Ok(json!({ "keys": keys }).to_string())
    }
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Keys {
    pub(crate) fn new() -> Self {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { rsa, ec }
    }

    /// Both, as an issuer publishes them.
    pub(crate) fn published(&self) -> Value {
        let public = self.rsa.public_key();
        let modulus = text(public.modulus().big_endian_without_leading_zero());
        let exponent = text(public.exponent().big_endian_without_leading_zero());
        let point = self.ec.public_key().as_ref();
        json!([
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": modulus, "e": exponent},
            {"kty": "EC", "kid": "ec", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])},
        ])
    }

    /// What somebody who confuses keys would take for a secret: the public key, in each form that a library may have it in.
    pub(crate) fn confusing(&self) -> [Vec<u8>; 3] {
        let public = self.rsa.public_key();
        let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
        let der = public.as_ref().to_vec();
        let encoded = base64::engine::general_purpose::STANDARD.encode(&der);
        let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{encoded}\n-----END RSA PUBLIC KEY-----\n");
        [modulus, der, pem.into_bytes()]
    }

    /// A token that the RSA key signs, whatever it says of that.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", text(signature))
    }

    /// The same by the elliptic key.
    pub(crate) fn sign_elliptic(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.ec.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", text(signature))
    }
}

/// The part of a token that is signed.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", text(header.to_string()), text(claims.to_string()))
}

/// The header of a token that the RSA key signs.
pub(crate) fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "rsa"})
}

/// What is served: the issuer's URL, and whoever believes it.
pub(crate) struct Scene {
    pub(crate) url: String,
    pub(crate) identities: Identities,
    pub(crate) shelf: Shelf,
    pub(crate) keys: Keys,
}

impl Scene {
    /// What a good token says.
    pub(crate) fn claims(&self) -> Value {
        json!({"iss": self.url, "aud": "ondol", "sub": "alice", "exp": NOW + 60})
    }

    pub(crate) async fn of(&self, token: &str) -> Result<Arc<Account>, IdentityError> {
        self.identities.of_token(token.as_bytes()).await
    }
}

/// Does something beside an issuer that is believed with these settings of its table.
pub(crate) async fn beside<F>(settings: &str, doing: impl FnOnce(Arc<Scene>) -> F)
where
    F: Future<Output = ()>,
{
    let _installed_already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (keys, shelf) = (Keys::new(), Shelf::default());
    shelf.publish(Some(keys.published()));
    let document = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
    let answering = shelf.clone();
    let routes = Router::new()
        .route("/.well-known/openid-configuration", get(async move || document))
        .route("/keys", get(async move || answering.answer()));
    let table =
        format!("[[issuers]]\nname = \"corp\"\nissuer = \"{url}\"\naudiences = [\"ondol\"]\n{settings}\n");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(table.as_bytes()).unwrap();
    let arguments = IdentityArguments { identities_file: Some(file.path().to_owned()) };
    let clock = Clock::new(|| Timestamp::from_second(NOW).unwrap());
    let identities = Identities::load(&arguments, Metrics::default(), clock).unwrap();
    let scene = Arc::new(Scene { url, identities: identities.clone(), shelf, keys });
    tokio::select! {
        served = async { axum::serve(listener, routes).await } => panic!("{served:?}"),
        () = identities.run(std::future::pending()) => panic!("nobody fetches keys any more"),
        () = doing(scene) => {}
    }
}
