//! How a client is told that its connection will end.
//!
//! HTTP/2 has a word for it, after which no call is lost. HTTP/1 has none but `connection: close` in an answer: a
//! connection that is closed between two requests may cross with the second one, which is lost then. So clients over
//! HTTP/1 are told as early as the process knows of its end, and what has just been sent is answered.

use std::time::Duration;

use http::{HeaderValue, header::CONNECTION};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::hearing::Heard;
use crate::step::Response;

/// How long requests that have been sent already may take to arrive, at a drain.
const CROSSING: Duration = Duration::from_millis(500);

/// The end of one connection. Clones are the same.
#[derive(Clone)]
pub(super) struct Parting {
    /// The next answer is the last one.
    last: CancellationToken,
    heard: Heard,
}

impl Parting {
    /// Of a connection to somebody who has been heard, in a server that may be leaving.
    pub(super) fn new(leaving: &CancellationToken, heard: Heard) -> Self {
        Self { last: leaving.child_token(), heard }
    }

    /// The answer, which says so where it is the last one.
    pub(super) fn tell(&self, mut response: Response) -> Response {
        if self.last.is_cancelled() && !self.heard.is_http2() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Ready when the connection has to end: at some age, or when the server is closing.
    pub(super) async fn due(&self, age: Duration, closing: &CancellationToken) {
        tokio::select! {
            () = sleep(age) => {}
            () = closing.cancelled() => {}
        }
        self.last.cancel();
        if !self.heard.is_http2() {
            // One that is only old ends with its next answer, or for its long silence.
            closing.cancelled().await;
            sleep(CROSSING).await;
        }
    }
}
