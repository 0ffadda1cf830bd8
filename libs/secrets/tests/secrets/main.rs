//! What every place of secrets promises: the folder, and Secrets Manager as moto plays it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, time::Duration};

use amazon::Access;
use aws_sdk_secretsmanager::{Client, config::Credentials, primitives::Blob};
use secrets::{Folder, Keeper, Keeping, Kept, Manager, Metrics, Reference, Secrets, SecretsError, Several};
use tempfile::TempDir;
use testkit::{Moto, capture_logs};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const AT_ONCE: Keeping = Keeping { ttl: Duration::ZERO, stale: Duration::ZERO };

fn named(reference: &str) -> Reference {
    reference.parse().unwrap()
}

fn kept(keeper: impl Keeper) -> Kept<impl Keeper> {
    Kept::new(keeper, AT_ONCE, Metrics::default())
}

/// What all of them hold to, given how a secret is put there and taken away.
async fn promises(place: &dyn Secrets, put: impl AsyncFn(&str, &[u8]), drop: impl AsyncFn(&str)) {
    put("shop", b"first").await;
    assert_eq!(place.get(&named("shop")).await.unwrap().expose(), "first");
    put("shop", b"second").await;
    assert_eq!(place.get(&named("shop")).await.unwrap().expose(), "second", "rotated without a restart");
    put("json", br#"{"user": "me", "password": "p"}"#).await;
    assert_eq!(place.get(&named("json#password")).await.unwrap().expose(), "p");
    put("bytes", &[0xff, 0xfe, 0x00]).await;
    assert!(matches!(place.get(&named("bytes")).await, Err(SecretsError::Unusable { .. })));
    assert!(matches!(place.get(&named("nobody")).await, Err(SecretsError::NotFound { .. })));
    drop("shop").await;
    assert!(place.get(&named("shop")).await.is_err());
}

#[tokio::test]
async fn a_folder() {
    let folder = TempDir::new().unwrap();
    let place = kept(Folder::open(folder.path()).unwrap());
    let path = |name: &str| folder.path().join(name);
    let put = async |name: &str, value: &[u8]| fs::write(path(name), value).unwrap();
    promises(&place, put, async |name: &str| fs::remove_file(path(name)).unwrap()).await;

    fs::write(path("line"), "with a line break\r\n").unwrap();
    assert_eq!(place.get(&named("line")).await.unwrap().expose(), "with a line break");
    fs::write(path("large"), "x".repeat(64 * 1024 + 1)).unwrap();
    assert!(matches!(place.get(&named("large")).await, Err(SecretsError::Unusable { .. })));
    fs::create_dir(path("deep")).unwrap();
    fs::write(path("deep/one"), "d").unwrap();
    assert_eq!(place.get(&named("deep/one")).await.unwrap().expose(), "d");
    assert!(place.get(&named("deep")).await.is_err());
    for empty in ["", "\n"] {
        fs::write(path("empty"), empty).unwrap();
        assert!(matches!(place.get(&named("empty")).await, Err(SecretsError::Unusable { .. })));
    }
    assert!(Folder::open(path("nowhere")).is_err());
    assert!(Folder::open(path("line")).is_err());
}

/// As Kubernetes changes a mount: the link goes to another folder from one moment to the next.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_swapped_for_another() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (version, value) in [("v1", "first"), ("v2", "second")] {
        fs::create_dir(path(version)).unwrap();
        fs::write(path(version).join("shop"), value).unwrap();
    }
    std::os::unix::fs::symlink(path("v1"), path("now")).unwrap();
    let place = kept(Folder::open(path("now")).unwrap());
    assert_eq!(place.get(&named("shop")).await.unwrap().expose(), "first");
    std::os::unix::fs::symlink(path("v2"), path("next")).unwrap();
    fs::rename(path("next"), path("now")).unwrap();
    assert_eq!(place.get(&named("shop")).await.unwrap().expose(), "second");
}

#[tokio::test]
async fn secrets_manager() {
    let moto = Moto::start();
    let place = kept(Manager::open(&access(moto.endpoint()), "team/").await.unwrap());
    let client = client(moto.endpoint());
    let put = async |name: &str, value: &[u8]| {
        let name = format!("team/{name}");
        let (text, bytes) = match std::str::from_utf8(value) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(Blob::new(value))),
        };
        let created = client.create_secret().name(&name);
        let created = created.set_secret_string(text.clone()).set_secret_binary(bytes.clone()).send().await;
        if created.is_err() {
            let put = client.put_secret_value().secret_id(&name);
            put.set_secret_string(text).set_secret_binary(bytes).send().await.unwrap();
        }
    };
    // It can be had back for a while, but is gone.
    let drop = async |name: &str| {
        client.delete_secret().secret_id(format!("team/{name}")).send().await.unwrap();
    };
    promises(&place, put, drop).await;
}

#[tokio::test]
async fn a_manager_that_is_away_is_told_without_a_secret() {
    let place = kept(Manager::open(&access("http://127.0.0.1:9"), "team/").await.unwrap());
    let error = place.get(&named("shop")).await.unwrap_err();
    assert!(matches!(error, SecretsError::Away { .. }), "{error}");
}

/// A manager, or a proxy before it, whose answer the client does not understand: the client's error holds all of it.
#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_repeated() {
    let logs = capture_logs();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let place = kept(Manager::open(&access(&endpoint), "team/").await.unwrap());
    let answering = async {
        let body = r#"{"SecretString": "canary-4711", "CreatedDate": "x"}"#;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 8192]).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    };
    let shop = named("shop");
    let error = tokio::select! {
        answer = place.get(&shop) => answer.unwrap_err(),
        () = answering => unreachable!(),
    };
    let told = format!("{error} {error:?} {}", fault::Chain(&error));
    assert!(matches!(error, SecretsError::Away { .. }) && !told.contains("canary"), "{told}");
    assert!(logs.lines_with(&["canary"]).is_empty());
}

#[tokio::test]
async fn the_first_place_that_knows_a_secret_answers() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(one.path().join("both"), "one").unwrap();
    fs::write(two.path().join("both"), "two").unwrap();
    fs::write(two.path().join("second"), "two").unwrap();
    let open = |folder: &TempDir| -> std::sync::Arc<dyn Secrets> {
        std::sync::Arc::new(kept(Folder::open(folder.path()).unwrap()))
    };
    let places = Several::new(vec![open(&one), open(&two)]);
    assert_eq!(places.get(&named("both")).await.unwrap().expose(), "one");
    assert_eq!(places.get(&named("second")).await.unwrap().expose(), "two");
    assert!(matches!(places.get(&named("none")).await, Err(SecretsError::NotFound { .. })));
    let away =
        std::sync::Arc::new(kept(Manager::open(&access("http://127.0.0.1:9"), "team/").await.unwrap()));
    let places = Several::new(vec![away, open(&two)]);
    assert!(
        matches!(places.get(&named("second")).await, Err(SecretsError::Away { .. })),
        "another's is no substitute"
    );
}

fn access(endpoint: &str) -> Access {
    Access {
        region: Some("us-east-1".into()),
        endpoint: Some(endpoint.into()),
        profile: None,
        credentials: Some(("key".into(), "very secret".into())),
    }
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_secretsmanager::config::Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"));
    Client::from_conf(config.build())
}
