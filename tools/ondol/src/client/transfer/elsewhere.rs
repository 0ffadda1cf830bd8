//! Bytes that the server keeps elsewhere: behind a signed URL of the object store.
//!
//! The URL is all that is needed there. Our key never goes to another host.

use std::{io, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::HeaderMap;
use reqwest::{Body, Response, Url, redirect};

use super::download::{Part, STALL, Trouble};

const CONNECT: Duration = Duration::from_secs(10);
/// As much of an error as is worth showing.
const ERROR: usize = 500;

/// Asks for what lies at a URL.
pub(super) async fn get(url: &str, headers: HeaderMap) -> Result<Part, Trouble> {
    let request = client().map_err(Trouble::Refused)?.get(parse(url).map_err(Trouble::Refused)?);
    let response = request.headers(headers).send().await.map_err(|error| Trouble::Broken(shown(error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    if !status.is_success() {
        return Err(Trouble::of(status, refusal(response).await));
    }
    let bytes = response.bytes_stream().map(|piece| piece.map_err(shown));
    Ok(Part { status, headers, bytes: bytes.boxed() })
}

/// Puts bytes at a URL, with the headers that were signed with it, and the length among them.
pub(super) async fn put(
    url: &str,
    headers: HeaderMap,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> anyhow::Result<()> {
    let request = client()?.put(parse(url)?).headers(headers).body(Body::wrap_stream(pieces));
    let response = request.send().await.map_err(shown)?;
    if response.status().is_success() {
        return Ok(());
    }
    Err(refusal(response).await)
}

/// Trusts what this system trusts, `SSL_CERT_FILE` included, and goes through the proxy that the environment names.
fn client() -> anyhow::Result<reqwest::Client> {
    // A signed URL is the end of the way: one that leads on would lead somewhere that nobody has signed.
    let builder = reqwest::Client::builder().redirect(redirect::Policy::none());
    // The bytes as they lie there, whatever encodings this program can read elsewhere: ranges count those.
    builder
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .connect_timeout(CONNECT)
        .read_timeout(STALL)
        .build()
        .context("preparing to speak to the object store")
}

fn parse(url: &str) -> anyhow::Result<Url> {
    Url::parse(url).context("the server named a URL that is none")
}

/// An error without the URL: that is a key of its own.
fn shown(error: reqwest::Error) -> anyhow::Error {
    anyhow::Error::new(error.without_url()).context("speaking to the object store")
}

/// What the store said against the request.
async fn refusal(response: Response) -> anyhow::Error {
    let status = response.status();
    let mut said = Vec::new();
    let mut body = response.bytes_stream();
    while said.len() < ERROR
        && let Some(Ok(piece)) = body.next().await
    {
        said.extend_from_slice(&piece);
    }
    let said: String = String::from_utf8_lossy(&said).chars().take(ERROR).collect();
    anyhow::Error::msg(format!("the object store answered {status}: {said}"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use bytes::Bytes;
    use futures::stream;
    use http::{HeaderMap, HeaderValue, header};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task::JoinHandle,
    };

    use super::{get, put};

    /// A store that answers once, and what it was asked.
    async fn store(answer: &'static str, body_ends: &'static str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/bucket/key?X-Amz-Signature=s3cr3t", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "a test")]
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !String::from_utf8_lossy(&asked).ends_with(body_ends) {
                assert_ne!(stream.read_buf(&mut asked).await.unwrap(), 0);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(asked).unwrap()
        });
        (url, asked)
    }

    #[tokio::test]
    async fn a_file_goes_there_with_what_was_signed_and_nothing_of_ours() {
        let (url, asked) = store("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "three lines").await;
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl")),
            (header::CONTENT_LENGTH, 11.into()),
        ]);
        let pieces = ["three ", "lines"].map(|piece| Ok::<_, io::Error>(Bytes::from(piece)));
        put(&url, headers, stream::iter(pieces)).await.unwrap();
        let asked = asked.await.unwrap().to_lowercase();
        assert!(asked.starts_with("put /bucket/key?x-amz-signature=s3cr3t http/1.1"), "{asked}");
        assert!(
            asked.contains("content-length: 11") && asked.contains("content-type: application/jsonl"),
            "{asked}"
        );
        // S3 knows no chunks.
        assert!(!asked.contains("authorization") && !asked.contains("transfer-encoding"), "{asked}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_without_the_url() {
        let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nExpired";
        let (url, asked) = store(refusal, "\r\n\r\n").await;
        let error = format!("{:#}", anyhow::Error::from(get(&url, HeaderMap::new()).await.err().unwrap()));
        assert!(error.contains("403 Forbidden: Expired") && !error.contains("s3cr3t"), "{error}");
        assert!(!asked.await.unwrap().to_lowercase().contains("authorization"));
    }
}
