//! Bytes of artifacts and uploads, over the same connection as the calls, or where the server says.

mod download;
mod elsewhere;

use std::{io, path::Path};

use anyhow::{Context, ensure};
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use proto::artifacts::v1::{CreateUploadUrlRequest, CreateUploadUrlResponse};
use tokio::{fs::File, io::AsyncReadExt};
use tokio_util::io::ReaderStream;
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt};

pub(crate) use self::download::Download;
use super::Client;
use crate::progress::Bar;

/// More than any error that a server answers.
const ERROR_BYTES: usize = 64 * 1024;
/// How much of a file is in memory at once.
const CHUNK: usize = 64 * 1024;

impl Client {
    /// Puts a file where jobs find it; the name that a job gives.
    pub(crate) async fn upload(&mut self, file: &Path, content_type: &str) -> anyhow::Result<String> {
        let opened = File::open(file).await.with_context(|| format!("reading {}", file.display()))?;
        let metadata = opened.metadata().await?;
        ensure!(metadata.is_file(), "{} is not a file", file.display());
        let length = metadata.len();
        ensure!(length > 0, "{} is empty: it should have one request a line", file.display());
        let request = CreateUploadUrlRequest { content_type: content_type.to_owned() };
        let place = self.artifacts().create_upload_url(request).await;
        let place = place.map_err(|status| self.explained(status))?.into_inner();
        let mut headers = headers(&place)?;
        headers.insert(header::CONTENT_LENGTH, length.into());
        let sent = if place.url.starts_with('/') {
            self.put(&place.url, &headers, pieces(opened, length)).await
        } else {
            elsewhere::put(&place.url, headers, pieces(opened, length)).await
        };
        sent.with_context(|| format!("uploading {}", file.display()))?;
        Ok(place.upload)
    }

    async fn put(
        &self,
        path: &str,
        headers: &HeaderMap,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> anyhow::Result<()> {
        let frames = pieces.map_ok(http_body::Frame::data);
        let body = Body::new(StreamBody::new(frames.map_err(|error| Status::internal(error.to_string()))));
        let response = self.http(Method::PUT, path, headers, body).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(refusal(response).await)
    }

    async fn http(
        &self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> anyhow::Result<http::Response<Body>> {
        let mut request = http::Request::builder().method(method).uri(path).body(body)?;
        request.headers_mut().extend(headers.clone());
        if let Some(key) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, key.clone());
        }
        let mut upstream = self.upstream.clone();
        let Ok(response) = upstream.ready().await?.call(request).await;
        // What never reached the server is a status in the headers, as for every call.
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != tonic::Code::Ok => Err(self.explained(status)),
            _ => Ok(response),
        }
    }
}

/// The first `length` bytes of a file, as they are taken, with a bar on a terminal: what is written to the file meanwhile
/// was not announced.
fn pieces(file: File, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let (mut bar, mut sent) = (Bar::new("Uploading"), 0);
    ReaderStream::with_capacity(file.take(length), CHUNK).inspect_ok(move |bytes| {
        sent += bytes.len() as u64;
        bar.show(sent, length);
    })
}

fn headers(place: &CreateUploadUrlResponse) -> anyhow::Result<HeaderMap> {
    let parsed = place.headers.iter().map(|(name, value)| {
        Ok((header::HeaderName::try_from(name.as_str())?, header::HeaderValue::try_from(value.as_str())?))
    });
    parsed.collect::<anyhow::Result<_>>().context("the server named headers that are none")
}

/// What the server said against a request.
async fn refusal(response: http::Response<Body>) -> anyhow::Error {
    let status = response.status();
    let limited = http_body_util::Limited::new(response.into_body(), ERROR_BYTES).collect().await;
    let body = limited.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    anyhow::Error::msg(message(status, &body))
}

fn message(status: StatusCode, body: &Bytes) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let said = parsed.as_ref().and_then(|value| value["error"]["message"].as_str());
    said.map_or_else(|| format!("the server answered {status}"), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use http::StatusCode;

    use super::{CHUNK, message, pieces};

    #[test]
    fn the_servers_own_words_come_first() {
        let body = br#"{"error":{"code":404,"message":"there is no such artifact"}}"#.as_slice();
        assert_eq!(message(StatusCode::NOT_FOUND, &body.into()), "there is no such artifact");
        assert_eq!(message(StatusCode::BAD_GATEWAY, &"<html>".into()), "the server answered 502 Bad Gateway");
    }

    #[tokio::test]
    async fn of_a_file_goes_what_was_announced_in_small_pieces() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7; 3 * CHUNK]).unwrap();
        let opened = tokio::fs::File::open(file.path()).await.unwrap();
        let pieces: Vec<_> = pieces(opened, 2 * CHUNK as u64 + 1).try_collect().await.unwrap();
        assert!(pieces.iter().all(|piece| piece.len() <= CHUNK));
        assert_eq!(pieces.iter().map(bytes::Bytes::len).sum::<usize>(), 2 * CHUNK + 1);
    }
}
