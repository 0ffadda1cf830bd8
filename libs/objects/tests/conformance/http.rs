//! A client that knows nothing of S3.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends one request and gives the status and the body.
pub async fn request(method: &str, url: &str, headers: &[(String, String)], body: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut lines = vec![format!("{method} /{path} HTTP/1.0"), format!("host: {host}")];
    lines.push(format!("content-length: {}", body.len()));
    let headers = headers.iter().filter(|(name, _)| name != "content-length");
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("{}\r\n\r\n{body}", lines.join("\r\n")).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
