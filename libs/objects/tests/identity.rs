//! Who we are to S3, as the machine says it: by a profile, by the pod's identity, or not at all. Each case is a process
//! of its own, because it is said in the environment.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    io::{Read, Write, stdin},
    process::{Command, Stdio},
};

use bytes::Bytes;
use clap::Parser;
use fault::Chain;
use objects::{Key, ObjectsArguments, ObjectsError, PutOptions};
use tempfile::TempDir;
use testkit::S3Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::{JoinHandle, spawn_blocking},
};

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    objects: ObjectsArguments,
}

/// Opens the store with these flags in a process with this environment and nothing else of Amazon's; says what came.
async fn process(flags: Vec<String>, variables: Vec<(&'static str, String)>) -> String {
    let child = spawn_blocking(move || {
        let nowhere = TempDir::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "opens_and_writes", "--ignored", "--nocapture"])
            .env_clear()
            .env("HOME", nowhere.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(flags.join("\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    });
    let text = child.await.unwrap();
    text.split("told=").nth(1).unwrap().lines().next().unwrap().to_owned()
}

fn flags(more: &[&str]) -> Vec<String> {
    let flags = ["program", "--objects-url", "s3://bucket/team", "--objects-attempts", "1"];
    flags.iter().chain(more).map(|&flag| flag.to_owned()).collect()
}

#[tokio::test]
#[ignore = "started by the other tests, in a process of its own"]
async fn opens_and_writes() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).unwrap();
    let arguments = Program::parse_from(text.lines()).objects;
    let told: Result<_, ObjectsError> = async {
        let store = arguments.open().await?;
        store.put(&Key::new("a")?, Bytes::from_static(b"x"), PutOptions::if_absent()).await
    }
    .await;
    match told {
        Ok(_) => println!("told=written"),
        Err(error) => println!("told={}", Chain(&error)),
    }
}

#[tokio::test]
async fn a_profile_tells_key_and_region() {
    let server = S3Server::start(&["bucket"]).await.unwrap();
    let folder = TempDir::new().unwrap();
    let (config, credentials) = (folder.path().join("config"), folder.path().join("credentials"));
    fs::write(&config, "[profile team]\nregion = eu-central-1\n").unwrap();
    let keys =
        format!("aws_access_key_id = {}\naws_secret_access_key = {}", S3Server::ACCESS_KEY, S3Server::SECRET);
    fs::write(&credentials, format!("[team]\n{keys}\n")).unwrap();
    let variables = vec![
        ("AWS_CONFIG_FILE", config.to_str().unwrap().to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap().to_owned()),
    ];
    let told =
        process(flags(&["--objects-profile", "team", "--objects-endpoint", &server.endpoint()]), variables);
    assert_eq!(told.await, "written");
    assert!(server.root().join("bucket/team/a").exists());
}

#[tokio::test]
async fn the_identity_of_a_pod_is_asked_for_with_its_token() {
    let server = S3Server::start(&["bucket"]).await.unwrap();
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "token-of-the-pod").unwrap();
    let (agent, address) = agent().await;
    let variables = vec![
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{address}/v1/credentials")),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.to_str().unwrap().to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL_S3", server.endpoint()),
    ];
    assert_eq!(process(flags(&[]), variables).await, "written");
    assert!(agent.await.unwrap().contains("authorization: token-of-the-pod"));
}

/// What stands in a cluster's node and hands out credentials; gives the request that it got.
async fn agent() -> (JoinHandle<String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    #[expect(clippy::disallowed_methods, reason = "the test awaits it")]
    let agent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        let body = format!(
            r#"{{"AccessKeyId":"{}","SecretAccessKey":"{}","Token":"t","Expiration":"2099-01-01T00:00:00Z"}}"#,
            S3Server::ACCESS_KEY,
            S3Server::SECRET
        );
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).to_lowercase()
    });
    (agent, address)
}

#[tokio::test]
async fn without_credentials_it_is_said_where_they_could_be() {
    let server = S3Server::start(&["bucket"]).await.unwrap();
    let told = process(flags(&["--objects-endpoint", &server.endpoint()]), Vec::new()).await;
    assert!(told.starts_with("no valid credentials for the bucket `bucket` (none were found)"), "{told}");
    assert!(told.contains("--objects-profile"), "{told}");
}

#[tokio::test]
async fn without_a_region_it_is_said_how_to_set_it() {
    let told = process(flags(&[]), Vec::new()).await;
    assert!(told.starts_with("--objects-region: is not set"), "{told}");
}
