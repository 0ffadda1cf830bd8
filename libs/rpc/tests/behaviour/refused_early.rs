//! Calls that are refused before their message is there.

use std::{future, time::Duration};

use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::Instant,
};

use crate::{
    frames::{END_HEADERS, GET_ROOT, HEADERS, PREFACE, SETTINGS, frame, frames},
    harness::{Echo, address, routes, server},
};

/// A server without room for anybody.
async fn serve() -> (Network, JoinSet<()>) {
    let routes = routes(Echo::answering("x")).await;
    let (network, mut tasks) = (Network::new(), JoinSet::new());
    let incoming = network.listen(address(1));
    let (server, _registry) = server(&["--max-concurrency", "0"]);
    tasks.spawn(server.serve(incoming, routes, future::pending(), Duration::ZERO));
    (network, tasks)
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
