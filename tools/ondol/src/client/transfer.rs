//! Bytes of artifacts and uploads, over the same connection as the calls, or where the server says.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use futures::TryStreamExt;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use proto::artifacts::v1::{CreateUploadUrlRequest, CreateUploadUrlResponse};
use tokio::fs::File;
use tokio_util::io::ReaderStream;
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt};

use super::{Client, elsewhere};

/// More than any error that a server answers.
const ERROR_BYTES: usize = 64 * 1024;

impl Client {
    /// Reads what lies at a path of the server, piece by piece.
    pub(crate) async fn download(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let response = self.http(Method::GET, path, &HeaderMap::new(), Body::empty()).await?;
        if response.status().is_redirection() {
            let location = response.headers().get(header::LOCATION).and_then(|url| url.to_str().ok());
            let location = location.context("the server sends us elsewhere, but not where")?;
            return elsewhere::download(location, take).await;
        }
        let mut body = succeeded(response).await?.into_body().into_data_stream();
        while let Some(bytes) = body.try_next().await.context("the download broke")? {
            take(&bytes)?;
        }
        Ok(())
    }

    /// Puts a file where jobs find it; the name that a job gives.
    pub(crate) async fn upload(&mut self, file: &Path, content_type: &str) -> anyhow::Result<String> {
        let opened = File::open(file).await.with_context(|| format!("reading {}", file.display()))?;
        let metadata = opened.metadata().await?;
        ensure!(metadata.is_file(), "{} is not a file", file.display());
        let length = metadata.len();
        let request = CreateUploadUrlRequest { content_type: content_type.to_owned() };
        let place = self.artifacts().create_upload_url(request).await;
        let place = place.map_err(|status| self.explained(status))?.into_inner();
        let mut headers = headers(&place)?;
        if !place.url.starts_with('/') {
            let sent = elsewhere::upload(&place.url, opened, length, headers).await;
            sent.with_context(|| elsewhere::shown(file))?;
            return Ok(place.upload);
        }
        headers.insert(header::CONTENT_LENGTH, length.into());
        let frames = ReaderStream::new(opened).map_ok(http_body::Frame::data);
        let body = Body::new(StreamBody::new(frames.map_err(|error| Status::internal(error.to_string()))));
        let response = self.http(Method::PUT, &place.url, &headers, body).await?;
        succeeded(response).await.with_context(|| elsewhere::shown(file))?;
        Ok(place.upload)
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
        request.headers_mut().insert(header::AUTHORIZATION, self.authorization.clone());
        let mut upstream = self.upstream.clone();
        let Ok(response) = upstream.ready().await?.call(request).await;
        // What never reached the server is a status in the headers, as for every call.
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != tonic::Code::Ok => Err(self.explained(status)),
            _ => Ok(response),
        }
    }
}

fn headers(place: &CreateUploadUrlResponse) -> anyhow::Result<HeaderMap> {
    let parsed = place.headers.iter().map(|(name, value)| {
        Ok((header::HeaderName::try_from(name.as_str())?, header::HeaderValue::try_from(value.as_str())?))
    });
    parsed.collect::<anyhow::Result<_>>().context("the server named headers that are none")
}

/// The response, or what the server said against the request.
async fn succeeded(response: http::Response<Body>) -> anyhow::Result<http::Response<Body>> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let limited = http_body_util::Limited::new(response.into_body(), ERROR_BYTES).collect().await;
    let body = limited.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    bail!("{}", message(status, &body))
}

fn message(status: StatusCode, body: &Bytes) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let said = parsed.as_ref().and_then(|value| value["error"]["message"].as_str());
    said.map_or_else(|| format!("the server answered {status}"), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::message;

    #[test]
    fn the_servers_own_words_come_first() {
        let body = br#"{"error":{"code":404,"message":"there is no such artifact"}}"#.as_slice();
        assert_eq!(message(StatusCode::NOT_FOUND, &body.into()), "there is no such artifact");
        assert_eq!(message(StatusCode::BAD_GATEWAY, &"<html>".into()), "the server answered 502 Bad Gateway");
    }
}
