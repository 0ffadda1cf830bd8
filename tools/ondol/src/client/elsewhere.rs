//! Bytes that the server keeps elsewhere: behind a signed URL of the object store.
//!
//! The URL is all that is needed there. Our key never goes to another host.

use std::{path::Path, time::Duration};

use anyhow::{Context, bail};
use futures::TryStreamExt;
use http::HeaderMap;
use reqwest::{Body, Response, Url, redirect};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

const CONNECT: Duration = Duration::from_secs(10);
/// How long a transfer may stand still.
const STALL: Duration = Duration::from_mins(1);
/// As much of an error as is worth showing.
const ERROR: usize = 500;

/// Reads what lies at a URL, piece by piece.
pub(super) async fn download(
    url: &str,
    mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let response =
        succeeded(client()?.get(parse(url)?).send().await.map_err(reqwest::Error::without_url)?).await?;
    let mut body = response.bytes_stream();
    while let Some(bytes) =
        body.try_next().await.map_err(reqwest::Error::without_url).context("the download broke")?
    {
        take(&bytes)?;
    }
    Ok(())
}

/// Puts a file at a URL, with the headers that were signed with it.
pub(super) async fn upload(url: &str, file: File, length: u64, headers: HeaderMap) -> anyhow::Result<()> {
    let request = client()?
        .put(parse(url)?)
        .headers(headers)
        .header(http::header::CONTENT_LENGTH, length)
        .body(Body::wrap_stream(ReaderStream::new(file)));
    succeeded(request.send().await.map_err(reqwest::Error::without_url)?).await.map(drop)
}

fn client() -> anyhow::Result<reqwest::Client> {
    // A signed URL is the end of the way: one that leads on would lead somewhere that nobody has signed.
    let builder = reqwest::Client::builder().redirect(redirect::Policy::none());
    Ok(builder.connect_timeout(CONNECT).read_timeout(STALL).build()?)
}

fn parse(url: &str) -> anyhow::Result<Url> {
    Url::parse(url).context("the server named a URL that is none")
}

/// The response, or what the store said against the request. The URL is not repeated: it is a key of its own.
async fn succeeded(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = response.text().await.unwrap_or_default();
    let said: String = said.chars().take(ERROR).collect();
    bail!("the object store answered {status}: {said}")
}

/// The name of a file that is uploaded, in errors.
pub(super) fn shown(file: &Path) -> String {
    format!("uploading {}", file.display())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http::{HeaderMap, HeaderValue};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task::JoinHandle,
    };

    use super::{download, upload};

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
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"three lines").unwrap();
        let headers = HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/jsonl"),
        )]);
        let opened = tokio::fs::File::open(file.path()).await.unwrap();
        upload(&url, opened, 11, headers).await.unwrap();
        let asked = asked.await.unwrap().to_lowercase();
        assert!(asked.starts_with("put /bucket/key?x-amz-signature=s3cr3t http/1.1"), "{asked}");
        assert!(
            asked.contains("content-length: 11") && asked.contains("content-type: application/jsonl"),
            "{asked}"
        );
        assert!(!asked.contains("authorization"), "{asked}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_without_the_url() {
        let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nExpired";
        let (url, _asked) = store(refusal, "\r\n\r\n").await;
        let error = format!("{:#}", download(&url, |_| Ok(())).await.unwrap_err());
        assert!(error.contains("403 Forbidden: Expired") && !error.contains("s3cr3t"), "{error}");
    }

    #[tokio::test]
    async fn a_download_that_breaks_off_is_no_success() {
        let (url, _asked) = store("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "\r\n\r\n").await;
        let mut got = Vec::new();
        let outcome = download(&url, |bytes| {
            got.extend_from_slice(bytes);
            Ok(())
        });
        let outcome = outcome.await;
        assert!(format!("{:#}", outcome.unwrap_err()).contains("the download broke"));
        assert_eq!(got, b"half");
    }
}
