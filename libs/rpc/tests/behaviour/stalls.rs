//! Clients that ask and then do not read: their connection is closed, and what ran for them ends.

use std::{
    convert::Infallible,
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::Response, routing::get};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use testkit::Network;
use tokio::{
    io::AsyncWriteExt,
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    frames::{END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, frame, getting, stream as opened},
    harness::{Echo, address, routes, say, server, settle},
};

/// How much of an endless answer is made at a time.
const PIECE: usize = 16 * 1024;

/// Tells that what holds it is gone.
struct Gone(Arc<Notify>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// More than anybody reads.
fn endless(ended: Arc<Notify>, made: Arc<AtomicUsize>) -> Response {
    let gone = Gone(ended);
    let kilobytes = stream::repeat(Bytes::from(vec![b'x'; PIECE])).map(move |bytes| {
        let _kept = &gone;
        made.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok::<_, Infallible>(bytes)
    });
    Response::new(Body::from_stream(kilobytes))
}

/// A word every 40 seconds, five times.
fn slow() -> Response {
    let words = stream::iter(0..5).then(|_| async {
        sleep(Duration::from_secs(40)).await;
        Ok::<_, Infallible>(Bytes::from_static(b"word"))
    });
    Response::new(Body::from_stream(words))
}

/// A server, what tells that an endless answer has ended, and the tasks that it runs on.
async fn serve() -> (Network, Arc<Notify>, JoinSet<()>) {
    serve_counting(Arc::default()).await
}

/// The same, and how much of endless answers is made.
async fn serve_counting(made: Arc<AtomicUsize>) -> (Network, Arc<Notify>, JoinSet<()>) {
    let ended = Arc::new(Notify::new());
    let tell = Arc::clone(&ended);
    let plain = axum::Router::new()
        .route("/endless", get(move || future::ready(endless(Arc::clone(&tell), Arc::clone(&made)))))
        .route("/slow", get(async || slow()));
    let routes = routes(Echo::answering("x")).await.into_axum_router().merge(plain);
    let (network, mut tasks) = (Network::new(), JoinSet::new());
    let incoming = network.listen(address(1));
    let (server, _registry) = server(&["--max-stall", "60s"]);
    tasks.spawn(server.serve(incoming, routes.into(), future::pending(), Duration::ZERO));
    (network, ended, tasks)
}

#[tokio::test(start_paused = true)]
async fn an_answer_over_http_1_that_nobody_reads_ends() {
    let (network, ended, _tasks) = serve().await;
    let mut io = network.connect(address(1)).unwrap();
    io.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let began = Instant::now();
    ended.notified().await;
    let took = began.elapsed();
    assert!((Duration::from_mins(1)..Duration::from_mins(2)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_over_http_2_that_nobody_reads_ends_though_the_client_answers_pings() {
    let (network, ended, mut tasks) = serve().await;
    let io = TokioIo::new(network.connect(address(1)).unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tasks.spawn(async move { drop(connection.await) });
    let request = Request::get("http://x/endless").body(Empty::<Bytes>::new()).unwrap();
    let began = Instant::now();
    let unread = sender.send_request(request).await.unwrap();
    ended.notified().await;
    let took = began.elapsed();
    assert!((Duration::from_mins(1)..Duration::from_mins(2)).contains(&took), "{took:?}");
    assert!(unread.into_body().collect().await.is_err(), "what was there does not look whole");
}

#[tokio::test(start_paused = true)]
async fn of_answers_that_nobody_reads_hardly_more_is_made_than_fits_on_the_way() {
    const STREAMS: u32 = 200;
    let made = Arc::new(AtomicUsize::new(0));
    let (network, ended, _tasks) = serve_counting(Arc::clone(&made)).await;
    let mut io = network.connect(address(1)).unwrap();
    let asked = (0..STREAMS)
        .map(|number| frame(HEADERS, END_STREAM | END_HEADERS, opened(number), &getting("/endless")));
    let sent: Vec<_> = [PREFACE, SETTINGS].map(Vec::from).into_iter().chain(asked).collect();
    io.write_all(&sent.concat()).await.unwrap();
    let began = Instant::now();
    assert!(say(network.channel(address(1)), String::new()).await.is_ok(), "others are served meanwhile");
    settle().await;
    // Windows of 64 KiB for all of them together, and what each has in hand.
    let (made, most) = (made.load(Ordering::Relaxed), 64 * 1024 + 2 * STREAMS as usize * PIECE);
    assert!((1..=most).contains(&made), "{made} bytes");
    ended.notified().await;
    assert!(began.elapsed() < Duration::from_mins(2), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_slow_by_itself_may_take_its_time() {
    let (network, _ended, mut tasks) = serve().await;
    let io = TokioIo::new(network.connect(address(1)).unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tasks.spawn(async move { drop(connection.await) });
    let request = Request::get("/slow").header("host", "x").body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(answer.to_bytes().len(), 20);
}
