//! Floods of headers, resets, pings and settings: the connection ends where it has to, and others are served all the while.

use std::{future, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, FAREWELL, GET_ROOT, HEADERS, PING,
        PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, farewell, frame, frames, stream,
    },
    harness::{Echo, address, routes, say, serving},
};

/// Far more than any bound.
const MANY: u32 = 2_000;

async fn serve() -> (Network, JoinSet<()>) {
    serving(routes(Echo::answering("x")).await, &[])
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

/// The same for somebody who speaks HTTP/2, while and after somebody else is served.
async fn said_beside_others(network: &Network, sent: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let sent: Vec<_> = [PREFACE, SETTINGS].map(Vec::from).into_iter().chain(sent).collect();
    let sent = sent.concat();
    let (said, meanwhile) = tokio::join!(said(network, &sent), other(network));
    assert_eq!((meanwhile.as_str(), other(network).await.as_str()), ("x", "x"));
    said
}

/// What somebody else is told.
async fn other(network: &Network) -> String {
    say(network.channel(address(1)), String::new()).await.unwrap().into_inner()
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_opened_and_reset_without_end_end_the_connection() {
    let (network, _tasks) = serve().await;
    let sent = (0..MANY).map(stream).map(|stream| {
        let opened = frame(HEADERS, END_STREAM | END_HEADERS, stream, &GET_ROOT);
        [opened, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    assert_eq!(farewell(&said_beside_others(&network, sent).await), Some(ENHANCE_YOUR_CALM));
}

#[tokio::test(start_paused = true)]
async fn streams_that_the_server_is_made_to_reset_end_the_connection_too() {
    let (network, _tasks) = serve().await;
    // Each has a window that no number holds.
    let sent = (0..MANY).map(stream).map(|stream| {
        let opened = frame(HEADERS, END_STREAM | END_HEADERS, stream, &GET_ROOT);
        [opened, frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes())].concat()
    });
    assert_eq!(farewell(&said_beside_others(&network, sent).await), Some(ENHANCE_YOUR_CALM));
}

#[tokio::test(start_paused = true)]
async fn data_that_holds_nothing_ends_the_connection() {
    let (network, _tasks) = serve().await;
    let opened = frame(HEADERS, END_HEADERS, 1, &GET_ROOT);
    let nothing = frame(DATA, 0, 1, &[]);
    let sent = [opened].into_iter().chain((0..MANY).map(|_| nothing.clone()));
    assert_eq!(farewell(&said_beside_others(&network, sent).await), Some(ENHANCE_YOUR_CALM));
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
    // One header in as many CONTINUATION frames as are sent, large or small ones.
    for size in [0, 16_224] {
        let part = [&[0x00, 0x01, b'x', 0x7f, 0xe1, 0x7e][..], &[b'y'; 16_224]].concat();
        let part = if size == 0 { frame(CONTINUATION, 0, 1, &[]) } else { frame(CONTINUATION, 0, 1, &part) };
        let opened = frame(HEADERS, END_STREAM, 1, &GET_ROOT);
        let sent = [opened].into_iter().chain((0..64).map(|_| part.clone()));
        assert!(farewell(&said_beside_others(&network, sent).await).is_some(), "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_list_that_is_too_large_is_431_for_its_stream_and_the_connection_goes_on() {
    let (network, mut tasks) = serve().await;
    let io = TokioIo::new(network.connect(address(1)).unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tasks.spawn(async move { drop(connection.await) });
    // Two of 40 KiB are more than 64 KiB.
    for (size, status) in [(40 * 1024, 431), (10, 404)] {
        let large = "y".repeat(size);
        let request = Request::get("http://x/").header("one", &large).header("two", &large);
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), status);
    }
}

#[tokio::test(start_paused = true)]
async fn pings_and_settings_are_answered_one_by_one() {
    let (network, _tasks) = serve().await;
    for (kind, one) in [(PING, frame(PING, 0, 0, b"how-are-")), (4, SETTINGS.to_vec())] {
        let sent = (0..MANY).map(|_| one.clone()).chain([FAREWELL.to_vec()]);
        let said = said_beside_others(&network, sent).await;
        let answers = frames(&said).into_iter().filter(|(said, _)| *said == kind).count();
        // The server has settings of its own, and pings to see whether the client has heard that it goes.
        assert!((MANY as usize..=MANY as usize + 3).contains(&answers), "{kind}: {answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_read_what_they_ask_for_without_end_is_left() {
    let (network, _tasks) = serve().await;
    for one in [frame(PING, 0, 0, b"how-are-"), SETTINGS.to_vec()] {
        let began = Instant::now();
        let mut io = network.connect(address(1)).unwrap();
        io.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
        let many = one.repeat(1_000);
        let (_gone, answered) =
            tokio::join!(async { while io.write_all(&many).await.is_ok() {} }, other(&network),);
        assert_eq!(answered, "x");
        assert!(began.elapsed() < Duration::from_mins(2), "{:?}", began.elapsed());
    }
}
