//! How the shop behaves.

use std::{
    io::Write,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use http::{
    HeaderMap, StatusCode, Uri,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};

const DRIP: Duration = Duration::from_millis(200);
const BOMB_MIB: usize = 64;

/// How the shop behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// As a shop should.
    #[default]
    Well,
    /// It answers this status.
    Fails(u16),
    /// It answers 503, and asks to be left alone for so many seconds.
    Busy(u64),
    /// It answers after so many milliseconds.
    Slow(u64),
    /// It never answers.
    Stalls,
    /// Its answers lead there.
    Redirects(String),
    /// Its JSON is cut off.
    BrokenJson,
    /// Its JSON has another shape than it should.
    WrongShape,
    /// It says JSON, and answers a page for people.
    Html,
    /// It ends the answer before its end.
    ShortBody,
    /// Its answer never ends.
    Endless,
    /// Its answer comes a byte at a time.
    Drips,
    /// A small answer that becomes a huge one.
    GzipBomb,
    /// It repeats every header of the request, secrets too.
    Echoes,
}

/// The mood of this moment, and how many came to see it.
#[derive(Clone, Default)]
pub(crate) struct Moods {
    now: Arc<Mutex<Mood>>,
    visits: Arc<AtomicU64>,
}

impl Moods {
    pub(crate) fn set(&self, mood: Mood) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    pub(crate) fn visited(&self) {
        self.visits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn visits(&self) -> u64 {
        self.visits.load(Ordering::Relaxed)
    }

    /// What the mood makes of a request; none where it is answered as it should be.
    pub(crate) async fn answer(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let mood = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(match mood {
            Mood::Well => return None,
            Mood::Slow(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                return None;
            }
            Mood::Stalls => std::future::pending().await,
            Mood::Fails(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                crate::refusal(status, "not today")
            }
            Mood::Busy(seconds) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, seconds)], "").into_response()
            }
            Mood::Redirects(target) => (StatusCode::FOUND, [(LOCATION, target)], "").into_response(),
            Mood::BrokenJson => json("{\"items\": [{\"name\": \"red"),
            Mood::WrongShape => json("{\"items\": \"none\", \"total\": []}"),
            Mood::Html => json("<!doctype html><title>Shop</title>"),
            Mood::ShortBody => short(),
            Mood::Endless => endless(None),
            Mood::Drips => endless(Some(DRIP)),
            Mood::GzipBomb => bomb(),
            Mood::Echoes => {
                let said = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
                let mut said: Vec<_> = said.collect();
                said.push(uri.to_string());
                json(&serde_json::json!({ "items": [], "echo": said }).to_string())
            }
        })
    }
}

fn json(text: &str) -> Response {
    ([(CONTENT_TYPE, "application/json")], text.to_owned()).into_response()
}

/// Ends the connection in the middle of what was promised.
fn short() -> Response {
    let pieces = stream::iter([Ok(Bytes::from_static(b"{\"items\"")), Err(std::io::Error::other("gone"))]);
    ([(CONTENT_TYPE, "application/json"), (CONTENT_LENGTH, "4096")], Body::from_stream(pieces))
        .into_response()
}

fn endless(rest: Option<Duration>) -> Response {
    let pieces = stream::repeat(()).then(move |()| async move {
        if let Some(rest) = rest {
            tokio::time::sleep(rest).await;
            return Ok::<_, std::io::Error>(Bytes::from_static(b" "));
        }
        Ok(Bytes::from_static(&[b' '; 16 * 1024]))
    });
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(pieces)).into_response()
}

fn bomb() -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")];
    (headers, BOMB.clone()).into_response()
}

/// Packed once: it is the caller's work that it is for.
static BOMB: LazyLock<Bytes> = LazyLock::new(|| {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let spaces = vec![b' '; 1024 * 1024];
    let written = (0..BOMB_MIB).try_for_each(|_| gzip.write_all(&spaces)).and_then(|()| gzip.finish());
    Bytes::from(written.unwrap_or_default())
});
