//! Large objects pass in bounded memory. In a test program of its own, as the measure is of the whole process; the
//! server is another one.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, stdin},
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use futures::TryStreamExt;
use objects::{Folder, GetOptions, Key, Objects, PutOptions, S3, S3Settings};
use tempfile::TempDir;
use testkit::S3Server;
use tokio::io::AsyncBufReadExt;

const MIB: usize = 1024 * 1024;
const SIZE: usize = 256 * MIB;
/// What an upload may hold by the settings' own words: three parts of 8 MiB; and the same bound for all else.
const LIMIT: usize = 32 * MIB;

/// The most memory that this process has had so far, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

async fn write(store: &dyn Objects, key: &Key, size: usize) {
    let mut writer = store.write(key, PutOptions::if_absent()).await.unwrap();
    let piece = Bytes::from(vec![7; MIB]);
    for _ in 0..size / MIB {
        writer.write(piece.clone()).await.unwrap();
    }
    assert_eq!(writer.finish().await.unwrap().size, size as u64);
}

async fn read(store: &dyn Objects, key: &Key, size: usize) {
    let body = store.get(key, GetOptions::default()).await.unwrap().into_stream();
    let read = body.try_fold(0, |read, bytes| async move { Ok(read + bytes.len()) });
    assert_eq!(read.await.unwrap(), size);
}

/// Reads a batch line by line and writes one line for each at the same time, as a worker does.
async fn answer_lines(store: &dyn Objects) {
    const LINES: usize = 1_000_000;
    let key = |text: &str| Key::new(text).unwrap();
    let mut writer = store.write(&key("in.jsonl"), PutOptions::if_absent()).await.unwrap();
    for id in 0..LINES {
        writer.write(format!("{{\"id\":{id},\"prompt\":\"hello\"}}\n")).await.unwrap();
    }
    writer.finish().await.unwrap();
    let before = peak();
    let mut lines = store.get(&key("in.jsonl"), GetOptions::default()).await.unwrap().into_reader().lines();
    let mut writer = store.write(&key("out.jsonl"), PutOptions::if_absent()).await.unwrap();
    let mut answered = 0;
    while let Some(line) = lines.next_line().await.unwrap() {
        writer.write(line + "\n").await.unwrap();
        answered += 1;
    }
    writer.finish().await.unwrap();
    assert_eq!(answered, LINES);
    let more = peak() - before;
    println!("a million lines: {} MiB more to read and write", more / MIB);
    assert!(more <= LIMIT, "{more} bytes");
}

async fn passes(name: &str, store: &dyn Objects) {
    // Whatever is made once, such as buffers of connections, is there afterwards.
    let key = |text: &str| Key::new(text).unwrap();
    write(store, &key("small"), 2 * MIB).await;
    read(store, &key("small"), 2 * MIB).await;
    let before = peak();
    write(store, &key("large"), SIZE).await;
    let written = peak();
    read(store, &key("large"), SIZE).await;
    let (writing, reading) = (written - before, peak() - written);
    println!("{name}: {} MiB more to write, {} MiB more to read", writing / MIB, reading / MIB);
    assert!(writing <= LIMIT, "{writing} bytes");
    assert!(reading <= LIMIT, "{reading} bytes");
}

/// This program again, as the server; it ends when its input does.
fn start_server() -> (Child, impl Iterator<Item = String>, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "serves", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let told = lines.find_map(|line| line.split_once("endpoint=").map(|(_, told)| told.to_owned()));
    (child, lines, told.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the other test, in a process of its own"]
async fn serves() {
    let server = S3Server::start(&["bucket"]).await.unwrap();
    println!("endpoint={}", server.endpoint());
    let end = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    end.await.unwrap().unwrap();
}

/// One test, as the peak is one.
#[tokio::test]
async fn large_objects_pass_in_bounded_memory() {
    let root = TempDir::new().unwrap();
    passes("folder", &Folder::open(root.path()).await.unwrap()).await;
    let (mut server, rest, endpoint) = start_server();
    let mut settings = S3Settings::new("bucket");
    settings.endpoint = Some(endpoint);
    settings.credentials = Some((S3Server::ACCESS_KEY.to_owned(), S3Server::SECRET.to_owned()));
    let store = S3::open(settings).await.unwrap();
    passes("s3", &store).await;
    answer_lines(&store).await;
    drop(server.stdin.take());
    rest.for_each(drop);
    server.wait().unwrap();
}
