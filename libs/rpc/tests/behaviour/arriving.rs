//! Calls whose body comes slowly, or not at all, cost nobody else a place.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, routing::post};
use bytes::Bytes;
use futures::{StreamExt, channel::mpsc};
use http::{HeaderMap, Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use testkit::Network;
use tokio::{task::JoinSet, time::sleep};
use tonic::Code;

use crate::harness::{Echo, Messages, SAY, address, once, routes, say, serving, settle, tell};

/// A server with place for one call, and with a path that reads bodies. `Tell` holds its place, `Say` does not.
async fn serve() -> (Network, JoinSet<()>) {
    let read = async |body: Body| {
        let read = axum::body::to_bytes(body, usize::MAX).await;
        read.map(|bytes| bytes.len().to_string()).map_err(|_broken| StatusCode::BAD_REQUEST)
    };
    let echo = Echo::new(|request| async move {
        let message: Messages = match request.into_inner().as_str() {
            "hold" => once("held").chain(futures::stream::pending()).boxed(),
            _ => once("said"),
        };
        Ok(message)
    });
    let plain = axum::Router::new().route("/read", post(read));
    let routes = routes(echo).await.into_axum_router().merge(plain);
    serving(routes.into(), &["--max-concurrency", "1", "--max-message-bytes", "1000"])
}

type Answer = (StatusCode, HeaderMap, Bytes);
type Piece = Result<Frame<Bytes>, Infallible>;

/// A request over HTTP/2 whose body is sent piece by piece.
struct Sending {
    pieces: mpsc::UnboundedSender<Piece>,
    answer: JoinSet<Answer>,
}

impl Sending {
    async fn start(network: &Network, path: &str, content_type: &str) -> Self {
        let io = TokioIo::new(network.connect(address(1)).unwrap());
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        let (pieces, body) = mpsc::unbounded::<Piece>();
        let request = Request::post(format!("http://x{path}")).header("content-type", content_type);
        let request = request.body(StreamBody::new(body)).unwrap();
        let mut answer = JoinSet::new();
        answer.spawn(async move {
            let answered = async {
                let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
                (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
            };
            tokio::select! {
                answer = answered => answer,
                _ = connection => panic!("the connection ended"),
            }
        });
        settle().await;
        Self { pieces, answer }
    }

    fn send(&self, length: usize) {
        self.pieces.unbounded_send(Ok(Frame::data(Bytes::from(vec![0; length])))).unwrap();
    }

    async fn end(mut self) -> Answer {
        self.pieces.close_channel();
        self.answer.join_next().await.unwrap().unwrap()
    }
}

/// Whether there is place for a call.
async fn has_place(network: &Network) -> bool {
    match say(network.channel(address(1)), "say".to_owned()).await {
        Ok(_) => true,
        Err(full) if full.code() == Code::ResourceExhausted => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_holds_no_place() {
    let (network, _tasks) = serve().await;
    for (path, content_type) in [("/read", "text/plain"), (SAY, "application/grpc")] {
        let slow = Sending::start(&network, path, content_type).await;
        assert!(has_place(&network).await, "{path}");
        slow.send(3);
        settle().await;
        assert!(has_place(&network).await, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_came_in_the_end_is_answered() {
    let (network, _tasks) = serve().await;
    let slow = Sending::start(&network, "/read", "text/plain").await;
    slow.send(3);
    sleep(Duration::from_secs(5)).await;
    slow.send(4);
    let (status, _, body) = slow.end().await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, b"7".as_slice()));
    assert!(has_place(&network).await, "and gave its place back");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_with_the_rest_of_a_body_when_all_places_are_taken_is_shed() {
    let (network, _tasks) = serve().await;
    let slow = Sending::start(&network, "/read", "text/plain").await;
    let mut held = tell(network.channel(address(1)), "hold".to_owned()).await.unwrap();
    assert_eq!(held.next().await.unwrap().unwrap(), "held");
    slow.send(3);
    let (status, headers, body) = slow.end().await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after"), "{headers:?}");
    assert!(String::from_utf8_lossy(&body).contains("SERVER_OVERLOADED"), "{body:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_longer_than_a_message_keeps_its_place_while_it_comes() {
    let (network, _tasks) = serve().await;
    let long = Sending::start(&network, "/read", "text/plain").await;
    long.send(1001);
    settle().await;
    assert!(!has_place(&network).await);
    assert_eq!(long.end().await.2.as_ref(), b"1001");
    assert!(has_place(&network).await);
}
