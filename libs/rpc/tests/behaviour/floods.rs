//! Floods of headers and of resets: the connection ends, the server does not.

use std::{future, time::Duration};

use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::timeout,
};

use crate::harness::{Echo, address, routes, server};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// `:method GET`, `:scheme http`, `:path /`, all from HPACK's own table.
const HEADERS: [u8; 3] = [0x82, 0x86, 0x84];
const GOAWAY: u8 = 7;

async fn serve() -> (Network, JoinSet<()>) {
    let routes = routes(Echo::answering("x")).await;
    let (network, mut tasks) = (Network::new(), JoinSet::new());
    let incoming = network.listen(address(1));
    let (server, _registry) = server(&[]);
    tasks.spawn(server.serve(incoming, routes, future::pending(), Duration::ZERO));
    (network, tasks)
}

/// What the server says until it ends the connection, to somebody who sends this.
async fn said(network: &Network, sent: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(network.connect(address(1)).unwrap());
    let mut said = Vec::new();
    let sending = async {
        // The server may go before all is sent.
        let _gone = writer.write_all(sent).await;
        future::pending::<()>().await;
    };
    let reading = reader.read_to_end(&mut said);
    tokio::select! {
        outcome = timeout(Duration::from_secs(15), reading) => drop(outcome.expect("the connection stays open")),
        () = sending => {}
    }
    said
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The kinds of the frames that were said.
fn kinds(mut said: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, rest @ ..] = said {
        kinds.push(*kind);
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        said = rest.get(5 + length..).unwrap_or_default();
    }
    kinds
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_opened_and_reset_without_end_end_the_connection() {
    let (network, _tasks) = serve().await;
    let mut sent = [PREFACE, SETTINGS].concat();
    for number in 0..2_000 {
        let stream = 2 * number + 1;
        sent.extend(frame(1, 0b101, stream, &HEADERS));
        sent.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    assert!(kinds(&said(&network, &sent).await).contains(&GOAWAY));
}

#[tokio::test(start_paused = true)]
async fn headers_without_end_are_refused_by_both_protocols() {
    let (network, _tasks) = serve().await;
    let many = "x: y\r\n".repeat(200);
    let large = format!("x: {}\r\n", "y".repeat(200 * 1024));
    for headers in [many, large] {
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        let answer = String::from_utf8(said(&network, request.as_bytes()).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    // One header in as many CONTINUATION frames as are sent.
    let mut sent = [PREFACE, SETTINGS, &frame(1, 0b001, 1, &HEADERS)].concat();
    for _ in 0..64 {
        let part = [&[0x00, 0x01, b'x', 0x7f, 0xe1, 0x7e][..], &[b'y'; 16_224]].concat();
        sent.extend(frame(9, 0, 1, &part));
    }
    assert!(kinds(&said(&network, &sent).await).contains(&GOAWAY));
}

#[tokio::test(start_paused = true)]
async fn two_requests_that_are_one_to_somebody_else_are_refused() {
    let (network, _tasks) = serve().await;
    for smuggled in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nhost: x\r\n\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        "content-length: +4\r\n\r\nabcd",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{smuggled}");
        let answer = String::from_utf8(said(&network, request.as_bytes()).await).unwrap();
        let answers = answer.matches("HTTP/1.1 ").count();
        assert!(answers <= 1 && !answer.contains(" 200 "), "{smuggled:?}: {answer}");
    }
}
