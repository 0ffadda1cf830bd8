//! Whom the door knows: callers with keys of a file and of a store, with tokens of two issuers, and with certificates.

use std::{
    future::pending,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use accounts::{Clock, KeyArguments, KeyStore, Keyring, KeyringArguments, Keys, MemoryKeys, NewKey, Secret};
use futures::FutureExt;
use identity::{Identities, IdentityArguments, Metrics};
use jiff::Timestamp;
use serde_json::json;
use tokio::runtime::Runtime;

use super::signer::{SIGNERS, Signer};

/// What time it is, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;
/// The issuers, as their tokens call them.
pub(crate) const ISSUERS: [&str; 2] = ["https://a.example", "https://b.example"];

pub(crate) static KNOWN: LazyLock<Known> = LazyLock::new(Known::new);

pub(crate) struct Known {
    pub(crate) runtime: Runtime,
    pub(crate) identities: Identities,
    /// The keys, by the names that requests call them.
    pub(crate) keys: Vec<KnownKey>,
    file: KeyArguments,
    store: Arc<MemoryKeys>,
}

pub(crate) struct KnownKey {
    pub(crate) called: &'static str,
    pub(crate) secret: Secret,
    /// The account that it opens, if it still does.
    pub(crate) id: Option<String>,
}

impl Known {
    fn new() -> Self {
        let _installed_already = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let identities = runtime.block_on(identities());
        let secret = Secret::new().unwrap();
        let file =
            KeyArguments { api_keys_file: None, api_keys: vec![format!("laptop:{}", secret.sha256())] };
        let laptop = KnownKey { called: "{file}", secret, id: Some("file:laptop".to_owned()) };
        // The store's clock is a minute behind: so it has a key that has expired by now.
        let store = Arc::new(MemoryKeys::new(clock(NOW - 60)));
        let stored = stored(&store);
        Self { runtime, identities, keys: [laptop].into_iter().chain(stored).collect(), file, store }
    }

    /// A ring that has seen nobody yet: what one input teaches it must not decide about the next.
    pub(crate) fn keyring(&self) -> Keyring {
        let file = Keys::load(&self.file).unwrap();
        let (arguments, store) = (KeyringArguments::default(), Arc::clone(&self.store));
        let (keyring, _refresher) = Keyring::with_store(file, store, &arguments, clock(NOW));
        keyring
    }
}

fn clock(seconds: i64) -> Clock {
    Clock::new(move || Timestamp::from_second(seconds).unwrap())
}

fn stored(store: &MemoryKeys) -> [KnownKey; 3] {
    let soon = Timestamp::from_second(NOW - 30).unwrap();
    [("{stored}", None), ("{expired}", Some(soon)), ("{revoked}", None)].map(|(called, expires)| {
        let new = NewKey { owner: "team-a".to_owned(), expires, ..NewKey::default() };
        let (key, secret) = store.create(new).now_or_never().unwrap().unwrap();
        if called == "{revoked}" {
            store.revoke(&key.id).now_or_never().unwrap().unwrap();
        }
        KnownKey { called, secret, id: (called == "{stored}").then_some(key.id) }
    })
}

/// Issuers that are asked once, by HTTP on this machine, and whose keys never grow old: from then on, time stands still.
async fn identities() -> Identities {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let publishing = thread::spawn(move || ISSUERS.map(|_| publish(&listener)));
    let [a, b] = ISSUERS;
    let table = format!(
        "[[issuers]]\nname = \"a\"\nissuer = \"{a}\"\njwks_url = \"http://127.0.0.1:{port}/0\"\naudiences = [\"ondol\"]\n\
         algorithms = [\"RS256\", \"ES256\", \"EdDSA\"]\ngrants = {{ scopes = [\"shopping\"] }}\n\
         [[issuers]]\nname = \"b\"\nissuer = \"{b}\"\njwks_url = \"http://127.0.0.1:{port}/1\"\naudiences = [\"ondol\", \"b\"]\n\
         principal = \"email\"\nclaims = {{ scopes = \"scope\", models = \"models\", tools = \"t\", jobs = \"t\" }}\n\
         [[certificates]]\nsan = \"spiffe://c/a\"\nname = \"team-a\"\n\
         [[certificates]]\nsan = \"b.example\"\nname = \"team-b\"\ngrants = {{ scopes = [\"admin\"] }}\n"
    );
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(table.as_bytes()).unwrap();
    let arguments = IdentityArguments { identities_file: Some(file.path().to_owned()) };
    let identities = Identities::load(&arguments, Metrics::default(), clock(NOW)).unwrap();
    let all_are_asked = async {
        for signer in [Signer::Elliptic, Signer::Other] {
            let (issuer, _, kid) = signer.issued().unwrap();
            let claims = json!({"iss": issuer, "aud": "ondol", "exp": NOW + 60, "sub": "x", "email": "x"});
            let [header, claims] = [json!({"alg": "ES256", "kid": kid}), claims].map(|part| part.to_string());
            identities.of_token(&signer.token(header.as_bytes(), claims.as_bytes())).await.unwrap();
        }
    };
    tokio::select! {
        () = identities.clone().run(pending()) => {}
        () = all_are_asked => {}
    }
    publishing.join().unwrap();
    tokio::time::pause();
    identities
}

/// Answers one request for the keys of the issuer whose number is asked for.
fn publish(listener: &TcpListener) {
    let (mut connection, _) = listener.accept().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    let issuer = ISSUERS[usize::from(request.starts_with(b"GET /1 "))];
    let of_issuer = |signer: &Signer| signer.issued().is_some_and(|(of, _, _)| of == issuer);
    let signers = SIGNERS.into_iter().map(|(_, signer)| signer).filter(of_issuer);
    let keys: Vec<_> = signers.map(Signer::published).collect();
    let body = json!({ "keys": keys }).to_string();
    let length = format!("content-length: {}", body.len());
    let head = ["HTTP/1.1 200 OK", "content-type: application/json", "connection: close", &length, "", ""]
        .join("\r\n");
    connection.write_all((head + &body).as_bytes()).unwrap();
}
