//! Calls that are refused before their message is there.

use std::time::Duration;

use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    frames::{
        DATA, END_HEADERS, END_STREAM, FAREWELL, GET_ROOT, HEADERS, PREFACE, SETTINGS, WINDOW_UPDATE,
        farewell, frame, frames, stream,
    },
    harness::{Echo, address, routes, serving_nobody, settle},
};

/// A server without room for anybody.
async fn serve() -> (Network, JoinSet<()>) {
    serving_nobody(routes(Echo::answering("x")).await)
}

#[tokio::test(start_paused = true)]
async fn however_many_there_are_and_however_late_their_messages_their_connection_lives() {
    const BATCHES: u32 = 40;
    // Well below the streams that a connection may have at once.
    const BATCH: u32 = 50;
    let (network, _tasks) = serve().await;
    let (mut reader, mut writer) = tokio::io::split(network.connect(address(1)).unwrap());
    let calling = async {
        // Room for all the answers, which would else stay where they are, and their streams open.
        let room = frame(WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes());
        writer.write_all(&[PREFACE, SETTINGS, &room].concat()).await.unwrap();
        for batch in 0..BATCHES {
            let streams = (batch * BATCH..(batch + 1) * BATCH).map(stream);
            let asked: Vec<_> =
                streams.clone().map(|stream| frame(HEADERS, END_HEADERS, stream, &GET_ROOT)).collect();
            writer.write_all(&asked.concat()).await.unwrap();
            // Whatever can be said without the messages is said.
            settle().await;
            let said: Vec<_> = streams.map(|stream| frame(DATA, END_STREAM, stream, b"message")).collect();
            writer.write_all(&said.concat()).await.unwrap();
            settle().await;
        }
        writer.write_all(FAREWELL).await.unwrap();
    };
    let mut said = Vec::new();
    let (read, ()) = tokio::join!(timeout(Duration::from_secs(15), reader.read_to_end(&mut said)), calling);
    read.unwrap().unwrap();
    assert_eq!(farewell(&said), Some(0), "it ends as the client ends it");
    let answers = frames(&said).into_iter().filter(|(kind, _)| *kind == HEADERS).count();
    assert_eq!(answers, (BATCHES * BATCH) as usize);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_come_is_not_waited_for_long() {
    let (network, _tasks) = serve().await;
    let mut io = network.connect(address(1)).unwrap();
    let asked = frame(HEADERS, END_HEADERS, 1, &GET_ROOT);
    io.write_all(&[PREFACE, SETTINGS, &asked].concat()).await.unwrap();
    let (mut said, mut piece, began) = (Vec::new(), [0; 4096], Instant::now());
    while !frames(&said).iter().any(|(kind, _)| *kind == HEADERS) {
        let read = io.read(&mut piece).await.unwrap();
        assert!(read > 0, "{said:?}");
        said.extend_from_slice(&piece[..read]);
    }
    assert!(began.elapsed() <= Duration::from_millis(1_100), "{:?}", began.elapsed());
}
