//! Several processes with one folder.

use std::{
    io::{Read, Write, stdin},
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use objects::{Folder, GetOptions, Objects, ObjectsError, PutOptions};
use tempfile::TempDir;

use super::subject::key;

const PROCESSES: usize = 4;
const ROUNDS: usize = 50;

/// Starts this very test program again, for one test in it.
fn start(test: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new(program)
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn of_many_processes_one_creates_and_counts_add_up() {
    let root = TempDir::new().unwrap();
    let folder = Folder::open(root.path()).await.unwrap();
    folder.put(&key("count"), Bytes::from_static(b"0"), PutOptions::default()).await.unwrap();
    let mut children: Vec<_> = (0..PROCESSES).map(|_| start("processes::one_of_many")).collect();
    // All start at the same moment: when they are told where.
    for child in &mut children {
        let mut input = child.stdin.take().unwrap();
        input.write_all(root.path().to_str().unwrap().as_bytes()).unwrap();
    }
    let mut created = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let told = text.split("created=").nth(1).unwrap().lines().next().unwrap();
        created += told.parse::<usize>().unwrap();
    }
    assert_eq!(created, ROUNDS, "each key was created by exactly one process");
    let count = folder.get(&key("count"), GetOptions::default()).await.unwrap().bytes(10).await.unwrap();
    assert_eq!(count, (PROCESSES * ROUNDS).to_string().as_bytes(), "no update was lost");
}

#[tokio::test]
#[ignore = "started by the test above, in a process of its own"]
async fn one_of_many() {
    let mut path = String::new();
    stdin().read_to_string(&mut path).unwrap();
    let folder = Folder::open(path).await.unwrap();
    let mut created = 0;
    for round in 0..ROUNDS {
        match folder.put(&key(&format!("race/{round}")), Bytes::new(), PutOptions::if_absent()).await {
            Ok(_) => created += 1,
            Err(ObjectsError::AlreadyExists { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
        while !count_up(&folder).await {}
    }
    println!("created={created}");
}

/// One more, unless another process came between.
async fn count_up(folder: &Folder) -> bool {
    let object = folder.get(&key("count"), GetOptions::default()).await.unwrap();
    let etag = object.info.etag.clone();
    let count: usize = std::str::from_utf8(&object.bytes(10).await.unwrap()).unwrap().parse().unwrap();
    match folder.put(&key("count"), Bytes::from((count + 1).to_string()), PutOptions::if_match(etag)).await {
        Ok(_) => true,
        Err(ObjectsError::Conflict { .. }) => false,
        Err(error) => panic!("{error:?}"),
    }
}
