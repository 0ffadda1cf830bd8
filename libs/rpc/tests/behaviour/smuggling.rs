//! Requests that are one to us and two, or another one, to somebody on the way: refused, or read as the standard says.

use std::time::Duration;

use axum::routing::post;
use bytes::Bytes;
use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::timeout,
};

use crate::harness::{Echo, address, routes, serving};

async fn serve() -> (Network, JoinSet<()>) {
    let read = post(async |body: Bytes| format!("read {} bytes", body.len()));
    let plain = axum::Router::new().route("/read", read);
    let routes = routes(Echo::answering("x")).await.into_axum_router().merge(plain);
    serving(routes.into(), &[])
}

/// What the server answers until it waits for more, or ends the connection.
async fn answer(network: &Network, sent: &str) -> String {
    answer_and_end(network, sent).await.0
}

/// The same, and whether it ends the connection.
async fn answer_and_end(network: &Network, sent: &str) -> (String, bool) {
    let mut io = network.connect(address(1)).unwrap();
    io.write_all(sent.as_bytes()).await.unwrap();
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    let has_ended = loop {
        match timeout(Duration::from_millis(100), io.read(&mut piece)).await {
            Ok(Ok(read @ 1..)) => said.extend_from_slice(&piece[..read]),
            Ok(_) => break true,
            Err(_) => break false,
        }
    };
    (String::from_utf8(said).unwrap(), has_ended)
}

fn answers(said: &str) -> usize {
    said.matches("HTTP/1.1 ").count()
}

#[tokio::test(start_paused = true)]
async fn what_is_clear_is_read() {
    let (network, _tasks) = serve().await;
    for (rest, read) in [
        ("host: x\r\ncontent-length: 4\r\n\r\nabcd", 4),
        ("host: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", 4),
        ("host: x\r\nTransfer-Encoding: Chunked\r\n\r\n4;of=old\r\nabcd\r\n0\r\n\r\n", 4),
        ("host: x\r\n\r\n", 0),
    ] {
        let said = answer(&network, &format!("POST /read HTTP/1.1\r\n{rest}")).await;
        assert!(said.starts_with("HTTP/1.1 200") && answers(&said) == 1, "{rest:?}: {said}");
        assert!(said.ends_with(&format!("read {read} bytes")), "{rest:?}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_requests_that_are_one_to_somebody_else_are_refused() {
    let (network, _tasks) = serve().await;
    for smuggled in [
        "content-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        "content-length: 4, 5\r\n\r\nabcde",
        "content-length: +4\r\n\r\nabcd",
        "content-length: -4\r\n\r\nabcd",
        "content-length: 0x4\r\n\r\nabcd",
        "content-length: 4 4\r\n\r\nabcd",
        "content-length : 4\r\n\r\nabcd",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        "x: y\r\n content-length: 4\r\n\r\nabcd",
        "x: y\r\n\ttransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "x: y\rcontent-length: 4\r\n\r\nabcd",
        "x: y\0\r\n\r\n",
        "x y: z\r\n\r\n",
        "host: y\r\n\r\n",
    ] {
        let request = format!("POST /read HTTP/1.1\r\nhost: x\r\n{smuggled}");
        let said = answer(&network, &request).await;
        let good = said.contains("\r\n\r\nread ") || said.contains(" 200 ");
        assert!(answers(&said) <= 1 && !good, "{smuggled:?}: {said}");
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{smuggled:?}: {said}");
    }
}

/// hyper takes the length away, so nobody above it can see that there was one.
#[tokio::test(start_paused = true)]
async fn a_length_beside_chunks_counts_for_nothing_and_nothing_is_read_behind_them() {
    let (network, _tasks) = serve().await;
    for both in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 40\r\n",
    ] {
        let behind = "POST /read HTTP/1.1\r\nhost: x\r\n\r\n";
        let request = format!("POST /read HTTP/1.1\r\nhost: x\r\n{both}\r\n2\r\nab\r\n0\r\n\r\n{behind}");
        let (said, has_ended) = answer_and_end(&network, &request).await;
        assert!(answers(&said) == 1 && said.ends_with("read 2 bytes"), "{both:?}: {said}");
        assert!(has_ended, "{both:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn chunks_that_are_none_are_not_read() {
    let (network, _tasks) = serve().await;
    for chunks in [
        "zz\r\nabcd\r\n0\r\n\r\n",
        "-4\r\nabcd\r\n0\r\n\r\n",
        "0x4\r\nabcd\r\n0\r\n\r\n",
        "4 4\r\nabcd\r\n0\r\n\r\n",
        "4\r\nabcdef\r\n0\r\n\r\n",
        "4\r\nabcd0\r\n\r\n",
        "fffffffffffffffff\r\nabcd\r\n0\r\n\r\n",
        "4\nabcd\n0\n\n",
    ] {
        let request = format!("POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
        let said = answer(&network, &request).await;
        assert!(answers(&said) <= 1 && !said.contains("read "), "{chunks:?}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_has_one_host_and_whoever_gives_another_number_is_told_and_left() {
    let (network, _tasks) = serve().await;
    for hosts in ["", "host: x\r\nhost: x\r\n", "host: x\r\nHost: y\r\n"] {
        let request = format!("POST /read HTTP/1.1\r\n{hosts}content-length: 0\r\n\r\n");
        let (said, has_ended) = answer_and_end(&network, &request.repeat(2)).await;
        assert!(said.starts_with("HTTP/1.1 400") && answers(&said) == 1, "{hosts:?}: {said}");
        assert!(has_ended, "{hosts:?}");
        assert!(said.contains("AMBIGUOUS_REQUEST") && said.contains("connection: close"), "{said}");
        assert!(said.contains("x-request-id"), "{said}");
    }
    // The old protocol knew none.
    let said = answer(&network, "POST /read HTTP/1.0\r\ncontent-length: 0\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.0 200"), "{said}");
}

/// hyper ends lines as the standard lets a server end them, and nobody above it can see that. It reads one request all the same.
#[tokio::test(start_paused = true)]
async fn lines_without_their_carriage_return_end_lines_and_begin_no_second_request() {
    let (network, _tasks) = serve().await;
    let said = answer(&network, "POST /read HTTP/1.1\nhost: x\ncontent-length: 4\n\nabcd").await;
    assert_eq!(answers(&said), 1, "{said}");
    assert!(said.ends_with("read 4 bytes"), "{said}");
}
