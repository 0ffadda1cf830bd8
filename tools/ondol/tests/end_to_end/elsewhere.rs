//! Artifacts and uploads that lie in S3, to which the server only shows the way.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Output,
};

use testkit::Moto;

use crate::stack::{MODEL, Stack, text};

/// Makes a bucket. Moto takes whatever comes for a signature.
fn bucket(moto: &Moto, name: &str) {
    let address = moto.endpoint().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let request =
        format!("PUT /{name} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn succeeding(stack: &Stack, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = stack.command(arguments).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{arguments:?}: {said}");
    String::from_utf8(stdout).unwrap()
}

#[test]
fn a_batch_goes_to_s3_and_its_answers_come_from_there() {
    let moto = Moto::start();
    bucket(&moto, "artifacts");
    let flags = [
        "--objects-url",
        "s3://artifacts",
        "--objects-endpoint",
        moto.endpoint(),
        "--objects-region",
        "us-east-1",
        "--artifacts",
        "redirect",
    ];
    let Some(stack) = Stack::start_with(&flags) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let body = format!(r#"{{"model":"{MODEL}","prompt":"Once","max_tokens":2}}"#);
    fs::write(&input, format!(r#"{{"custom_id":7,"url":"/v1/completions","body":{body}}}"#)).unwrap();

    let out = succeeding(&stack, &["jobs", "submit", "batch", text(&input), "--watch"]);
    let path = out.lines().last().unwrap().split(' ').next().unwrap();
    succeeding(&stack, &["artifact", "get", path, "--output", text(&output)]);
    let answers = fs::read_to_string(&output).unwrap();
    assert!(answers.contains(r#""custom_id":7"#) && answers.contains(r#""status_code":200"#), "{answers}");

    let url = succeeding(&stack, &["artifact", "url", path]);
    assert!(url.starts_with(moto.endpoint()) && url.contains("X-Amz-Signature="), "{url}");
    succeeding(&stack, &["artifact", "rm", path]);
    assert_eq!(succeeding(&stack, &["artifact", "ls", out.lines().next().unwrap()]), "");
}
