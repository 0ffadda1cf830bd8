//! A download that goes on where its connection broke.

use std::time::Duration;

use anyhow::{Context, Error};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use tokio::time::{sleep, timeout};
use tonic::body::Body;

use super::{elsewhere, refusal};
use crate::client::Client;

/// How long a transfer may stand still.
pub(super) const STALL: Duration = Duration::from_mins(1);
/// Connections in a row that may bring nothing.
const TRIES: u32 = 5;
/// Before the second of them; the first comes at once, and each later one a pause later.
const PAUSE: Duration = Duration::from_secs(1);

/// An answer whose bytes are still to come.
pub(super) struct Part {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: BoxStream<'static, anyhow::Result<Bytes>>,
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// It would be the same again.
    Refused(Error),
    /// It may be better in a moment.
    Broken(Error),
    /// The content that was asked for is not there any more.
    Changed,
}

impl Trouble {
    pub(super) fn of(status: StatusCode, error: Error) -> Self {
        match status {
            StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => Self::Changed,
            StatusCode::TOO_MANY_REQUESTS => Self::Broken(error),
            status if status.is_server_error() => Self::Broken(error),
            _ => Self::Refused(error),
        }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(error) | Trouble::Broken(error) => error,
            Trouble::Changed => Error::msg("the artifact changed meanwhile: fetch it again"),
        }
    }
}

/// What lies at a path of the server, piece by piece.
pub(crate) struct Download<'a> {
    client: &'a Client,
    path: String,
    etag: Option<HeaderValue>,
    size: Option<u64>,
    /// Bytes that the user has.
    done: u64,
    /// Connections since the last byte.
    tries: u32,
    bytes: BoxStream<'static, anyhow::Result<Bytes>>,
}

impl Client {
    /// Begins to read what lies at a path.
    pub(crate) async fn download(&self, path: &str) -> anyhow::Result<Download<'_>> {
        let mut tries = 0;
        let Part { headers, bytes, .. } = loop {
            match self.part(path, None).await {
                Err(Trouble::Broken(_)) if tries < TRIES => sleep(PAUSE * tries).await,
                settled => break settled?,
            }
            tries += 1;
        };
        // A weak one may mean other bytes.
        let etag = headers.get(header::ETAG).filter(|etag| etag.as_bytes().starts_with(b"\"")).cloned();
        let size = headers.get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
        Ok(Download { client: self, path: path.to_owned(), etag, size, done: 0, tries: 0, bytes })
    }

    /// Asks for what lies at a path; all of it, or what comes behind bytes of a content.
    async fn part(&self, path: &str, behind: Option<(&HeaderValue, u64)>) -> Result<Part, Trouble> {
        let response = self.http(Method::GET, path, &asking(header::IF_RANGE, behind), Body::empty()).await;
        // Nobody waits for a server that was not there in the first place.
        let response = response.map_err(if behind.is_some() { Trouble::Broken } else { Trouble::Refused })?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection() {
            let location = headers.get(header::LOCATION).and_then(|url| url.to_str().ok());
            let location = location.context("the server sends us elsewhere, but not where");
            // S3 has no If-Range; it answers 412 where the content is another.
            return elsewhere::get(location.map_err(Trouble::Refused)?, asking(header::IF_MATCH, behind))
                .await;
        }
        if !status.is_success() {
            return Err(Trouble::of(status, refusal(response).await));
        }
        let bytes = response.into_body().into_data_stream().map_err(Error::new);
        Ok(Part { status, headers, bytes: bytes.boxed() })
    }
}

/// The headers that ask for what comes behind bytes of a content, and for nothing of another.
fn asking(condition: HeaderName, behind: Option<(&HeaderValue, u64)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some((etag, done)) = behind
        && let Ok(range) = HeaderValue::try_from(format!("bytes={done}-"))
    {
        headers.insert(header::RANGE, range);
        headers.insert(condition, etag.clone());
    }
    headers
}

impl Download<'_> {
    /// What changes with the content, where the server says.
    pub(crate) fn etag(&self) -> Option<&str> {
        self.etag.as_ref().and_then(|etag| etag.to_str().ok())
    }

    /// How many bytes there are in all, where the server says.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Goes on behind bytes that are there already.
    pub(crate) async fn skip(&mut self, bytes: u64) -> anyhow::Result<()> {
        self.done = bytes;
        if self.is_whole() { Ok(()) } else { Ok(self.reconnect().await?) }
    }

    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        loop {
            if self.is_whole() {
                return Ok(None);
            }
            let broken = match timeout(STALL, self.bytes.next()).await {
                Ok(Some(Ok(bytes))) => {
                    self.done += bytes.len() as u64;
                    self.tries = 0;
                    return Ok(Some(bytes));
                }
                Ok(None) if self.size.is_none() => return Ok(None),
                Ok(None) => Error::msg("it ended too early"),
                Ok(Some(Err(error))) => error,
                Err(_elapsed) => Error::msg(format!("nothing came for {} s", STALL.as_secs())),
            };
            self.go_on(broken).await?;
        }
    }

    fn is_whole(&self) -> bool {
        self.size == Some(self.done)
    }

    /// Connects again after a connection broke, if that can be done.
    async fn go_on(&mut self, broken: Error) -> anyhow::Result<()> {
        let mut broken = broken;
        while self.etag.is_some() && self.tries < TRIES {
            sleep(PAUSE * self.tries).await;
            self.tries += 1;
            match self.reconnect().await {
                Err(Trouble::Broken(error)) => broken = error,
                settled => return Ok(settled?),
            }
        }
        Err(broken.context("the download broke"))
    }

    async fn reconnect(&mut self) -> Result<(), Trouble> {
        let etag = self.etag.as_ref().ok_or(Trouble::Changed)?;
        let part = self.client.part(&self.path, Some((etag, self.done))).await?;
        let place = part.headers.get(header::CONTENT_RANGE).and_then(|place| place.to_str().ok());
        let fits = place.is_some_and(|place| place.starts_with(&format!("bytes {}-", self.done)));
        if part.status != StatusCode::PARTIAL_CONTENT || !fits {
            return Err(Trouble::Changed);
        }
        self.bytes = part.bytes;
        Ok(())
    }
}
