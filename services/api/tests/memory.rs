//! A large artifact passes through api in bounded memory. In a test program of its own, as the measure is of the whole
//! process, and its reader is in the same one.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, net::SocketAddr, sync::Arc};

use api::{Arguments, Backends};
use artifacts::{Artifact, ArtifactName, Manifest, Shelf, artifact_key};
use bytes::Bytes;
use clap::Parser;
use objects::{Folder, Objects, PutOptions, S3, S3Settings};
use runtime::Life;
use testkit::Moto;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MIB: usize = 1024 * 1024;
const LIMIT: usize = 32 * MIB;
const JOB: &str = "0000000000000000000000000000000000";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: Arguments,
}

/// How much is passed.
#[derive(Parser)]
struct Measure {
    /// The size of the large artifact.
    #[arg(long, env = "ONDOL_TEST_ARTIFACT_MIB", default_value_t = 256)]
    mib: usize,
}

/// Has the peak begin anew at what is in use now: writing the artifact took memory of its own.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The most memory that this process has had since, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

/// An artifact of this size that anybody may read.
async fn artifact(objects: &Arc<dyn Objects>, name: &str, size: usize) -> Artifact {
    let name = ArtifactName::new(name).unwrap();
    let key = artifact_key(JOB, 1, &name).unwrap();
    let mut writer = objects.write(&key, PutOptions::if_absent()).await.unwrap();
    let piece = Bytes::from(vec![7; MIB]);
    for _ in 0..size / MIB {
        writer.write(piece.clone()).await.unwrap();
    }
    let stored = writer.finish().await.unwrap();
    let etag = stored.etag.as_str().to_owned();
    Artifact { name, content_type: "application/octet-stream".into(), bytes: stored.size, etag }
}

/// Reads all of an artifact, once its first bytes have come and `rest` is over.
async fn read(address: SocketAddr, name: &str, rest: impl Future<Output = ()>) -> usize {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /generated/{JOB}/{name} HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; MIB];
    let mut read = connection.read(&mut buffer).await.unwrap();
    rest.await;
    loop {
        match connection.read(&mut buffer).await.unwrap() {
            0 => return read,
            more => read += more,
        }
    }
}

async fn others(address: SocketAddr) {
    for _ in 0..20 {
        read(address, "small", async {}).await;
    }
}

/// S3 in a process of its own, whose memory is not ours.
async fn s3(moto: &Moto) -> Arc<dyn Objects> {
    let host = moto.endpoint().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let request =
        format!("PUT /large HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let settings = S3Settings {
        endpoint: Some(moto.endpoint().to_owned()),
        region: Some("us-east-1".to_owned()),
        credentials: Some(("key".to_owned(), "secret".to_owned())),
        ..S3Settings::new("large")
    };
    Arc::new(S3::open(settings).await.unwrap())
}

/// Passes a large artifact through api, and says how much more memory that took.
async fn added(objects: Arc<dyn Objects>, mib: usize) -> usize {
    let size = mib * MIB;
    let artifacts = vec![artifact(&objects, "large", size).await, artifact(&objects, "small", 2 * MIB).await];
    let manifest = Manifest { job: JOB.into(), owner: "me".into(), published: true, fence: 1, artifacts };
    Shelf::new(Arc::clone(&objects)).publish(&manifest).await.unwrap();
    let key = format!("me:{}", "ab".repeat(32));
    let line = Line::parse_from(["api", "--listen", "127.0.0.1:0", "--api-key", &key]);
    let backends = Backends { objects: Some(objects), ..Backends::default() };
    let address = api::start_on(&backends, line.service, &Life::new()).unwrap();

    // Whatever is made once, such as buffers of connections, is there afterwards.
    assert!(read(address, "small", async {}).await > 2 * MIB);
    forget_peak();
    let before = peak();
    // So long does the reader of the large one take nothing that others read a lot.
    assert!(read(address, "large", others(address)).await > size);
    // What was given back in between is not held against it.
    peak().saturating_sub(before)
}

/// One after the other, as both measure the same process.
#[tokio::test]
async fn a_large_artifact_passes_in_bounded_memory_however_slow_its_reader_is() {
    runtime::install_crypto_provider();
    let mib = Measure::parse_from(["test"]).mib;
    let (folder, moto) = (tempfile::tempdir().unwrap(), Moto::start());
    let stores: [(&str, Arc<dyn Objects>); 2] =
        [("S3", s3(&moto).await), ("a folder", Arc::new(Folder::open(folder.path()).await.unwrap()))];
    for (store, objects) in stores {
        let added = added(objects, mib).await;
        println!("{mib} MiB passed from {store} with {} MiB more", added / MIB);
        assert!(added <= LIMIT, "{store}: {added} bytes");
    }
}
