//! Clients that take their time over what they send: their connection is closed, and they cost nobody else anything.

use std::{future, time::Duration};

use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    frames::{CONTINUATION, END_STREAM, GET_ROOT, HEADERS, PREFACE, SETTINGS, frame},
    harness::{Echo, address, routes, say, serving},
};

async fn serve() -> (Network, JoinSet<()>) {
    serving(routes(Echo::answering("x")).await, &[])
}

/// How long the server bears with somebody who begins like this and then sends a piece at a time.
async fn borne(network: &Network, beginning: &[u8], piece: &[u8], pause: Duration) -> Duration {
    let began = Instant::now();
    let (mut reader, mut writer) = tokio::io::split(network.connect(address(1)).unwrap());
    writer.write_all(beginning).await.unwrap();
    let dripping = async {
        loop {
            sleep(pause).await;
            if writer.write_all(piece).await.is_err() {
                future::pending::<()>().await;
            }
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        outcome = timeout(Duration::from_mins(10), reader.read_to_end(&mut said)) => drop(outcome.expect("for ever")),
        () = dripping => {}
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn headers_that_come_bit_by_bit_are_not_waited_for() {
    let (network, _tasks) = serve().await;
    let second = Duration::from_secs(1);
    let begun = [PREFACE, SETTINGS, &frame(HEADERS, END_STREAM, 1, &GET_ROOT)].concat();
    let more = frame(CONTINUATION, 0, 1, &[]);
    for (beginning, piece, pause, most) in [
        // The headers of HTTP/1, and its first line.
        (&b"GET / HTTP/1.1\r\nhost: x\r\n"[..], &b"x: y\r\n"[..], second, 11),
        (b"GET ", b"/", second, 11),
        // A connection that begins, and then says nothing more.
        (b"PRI * HTTP/2.0\r\n\r\nSM", b"", second, 11),
        // Headers of HTTP/2 that go on, or do not: in between, nobody can answer a ping.
        (&begun, &more, second * 5, 60),
        (&begun, b"", second * 5, 60),
    ] {
        let borne = borne(&network, beginning, piece, pause).await;
        let shown = String::from_utf8_lossy(beginning);
        assert!(borne <= Duration::from_secs(most), "{shown:?}: {borne:?}");
    }
    assert!(say(network.channel(address(1)), String::new()).await.is_ok());
}
