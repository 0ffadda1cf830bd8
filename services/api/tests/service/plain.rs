//! A client that speaks plain HTTP.

use std::net::SocketAddr;

use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, task::JoinSet};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The status, and the reason that stands in the body.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/json");
        assert!(self.headers.contains_key("x-request-id"));
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        let error = &body["error"];
        assert!(error["code"].is_string() && !error["message"].as_str().unwrap().is_empty(), "{body}");
        (self.status.as_u16(), error["reason"].as_str().unwrap().to_owned())
    }
}

/// A request over HTTP/1.1, with this body.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    send_to(address, "api", (method, path), headers, body).await
}

/// The same to a host of this name.
pub(crate) async fn send_to(
    address: SocketAddr,
    host: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    let mut request = request(method, path, headers, body.into());
    request.headers_mut().insert("host", host.parse().unwrap());
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    received(sender.send_request(request).await.unwrap()).await
}

/// Whether a `GET` over HTTP/1.1 breaks off before its end.
pub(crate) async fn breaks_off(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> bool {
    let mut request = request("GET", path, headers, Bytes::new());
    request.headers_mut().insert("host", "api".parse().unwrap());
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    // Perhaps even before the headers are out.
    match sender.send_request(request).await {
        Ok(response) => response.into_body().collect().await.is_err(),
        Err(broken) => broken.is_incomplete_message(),
    }
}

/// A `GET` over HTTP/2.
pub(crate) async fn get_by_http2(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let path = format!("http://api{path}");
    let request = request("GET", &path, headers, Bytes::new());
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    received(sender.send_request(request).await.unwrap()).await
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Bytes) -> http::Request<Full<Bytes>> {
    let builder = http::Request::builder().method(method).uri(path);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Full::new(body)).unwrap()
}

async fn received(response: http::Response<hyper::body::Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
