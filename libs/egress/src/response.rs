//! What came back.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{EgressError, send::explained};

/// An answer whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    pub(crate) host: String,
    pub(crate) inner: reqwest::Response,
    pub(crate) limit: usize,
    /// How much of the body was handed on.
    pub(crate) read: usize,
    pub(crate) until: Instant,
    pub(crate) timeout: Duration,
}

impl Response {
    /// The body, decompressed, if it is at most as large as was allowed and comes in time. What is more is not read.
    pub async fn bytes(mut self) -> Result<Bytes, EgressError> {
        let declared = self.inner.content_length();
        if declared.is_some_and(|length| length > self.limit as u64) {
            return Err(self.too_large());
        }
        let mut all = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// The next piece of the body, decompressed, or nothing at its end: for answers that are read while they come. All pieces
    /// together have the same bounds as the whole.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        let Ok(piece) = timeout_at(self.until, self.inner.chunk()).await else {
            return Err(EgressError::TimedOut { host: self.host.clone(), limit: self.timeout });
        };
        let piece = piece.map_err(|error| explained(error, &self.host, self.timeout))?;
        self.read += piece.as_ref().map_or(0, Bytes::len);
        if self.read > self.limit {
            return Err(self.too_large());
        }
        Ok(piece)
    }

    /// The body as JSON.
    pub async fn json(self) -> Result<Value, EgressError> {
        let host = self.host.clone();
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| EgressError::NotWhatItSays {
            host,
            expected: "JSON",
            source: error.into(),
        })
    }

    /// How long the upstream asks to be left alone, if it says so in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    fn too_large(&self) -> EgressError {
        EgressError::TooLarge { host: self.host.clone(), limit: self.limit }
    }
}
