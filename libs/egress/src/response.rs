//! What came back.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{EgressError, send::explained};

/// Nobody who asks to be left alone for longer is believed.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

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
    /// Who answered, and its port where that is not the usual one: whoever was asked may have led elsewhere.
    pub fn host(&self) -> &str {
        &self.host
    }

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

    /// How long the upstream asks to be left alone, a day at most.
    pub fn retry_after(&self) -> Option<Duration> {
        let said = self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
        Some(pause(said, SystemTime::now())?.min(LONGEST_PAUSE))
    }

    fn too_large(&self) -> EgressError {
        EgressError::TooLarge { host: self.host.clone(), limit: self.limit }
    }
}

/// Seconds, or a moment as HTTP writes it.
fn pause(said: &str, now: SystemTime) -> Option<Duration> {
    match said.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(httpdate::parse_http_date(said).ok()?.duration_since(now).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::pause;

    #[test]
    fn a_pause_is_seconds_or_a_moment() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(pause("7", now), Some(Duration::from_secs(7)));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(pause("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        for odd in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(pause(odd, now), None, "{odd}");
        }
    }
}
