//! An object being written.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Key, ObjectsError, Stored};

/// Takes an object's bytes piece by piece, in bounded memory: what a store cannot send on at once makes
/// [`write`](Self::write) wait.
///
/// Nobody sees the object before [`finish`](Self::finish). A writer that is dropped, fails, or has a call on it given up
/// halfway, leaves nothing behind: [`Objects::close`](crate::Objects::close) waits for that.
pub struct ObjectWriter {
    key: Key,
    /// Gone while a call is under way, so that a call that is dropped halfway gives the object up.
    sink: Option<Box<dyn Sink>>,
}

/// Where a store takes the bytes. Dropping it gives the object up.
#[async_trait]
pub(crate) trait Sink: Send {
    async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectsError>;
    async fn finish(self: Box<Self>) -> Result<Stored, ObjectsError>;
    async fn abort(self: Box<Self>);
}

impl ObjectWriter {
    pub(crate) fn new(key: Key, sink: Box<dyn Sink>) -> Self {
        Self { key, sink: Some(sink) }
    }

    /// Adds bytes at the end. After an error the writer is of no use.
    pub async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<(), ObjectsError> {
        let mut sink = self.take()?;
        sink.write(bytes.into()).await?;
        self.sink = Some(sink);
        Ok(())
    }

    /// Decides the condition and puts the object in its place, at once and whole.
    pub async fn finish(mut self) -> Result<Stored, ObjectsError> {
        self.take()?.finish().await
    }

    /// Gives the object up, and waits until nothing of it is left. Dropping the writer does the same later.
    pub async fn abort(mut self) {
        if let Some(sink) = self.sink.take() {
            sink.abort().await;
        }
    }

    fn take(&mut self) -> Result<Box<dyn Sink>, ObjectsError> {
        self.sink.take().ok_or_else(|| ObjectsError::WriterFailed { key: self.key.clone() })
    }
}

impl fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectWriter").field("key", &self.key).finish_non_exhaustive()
    }
}
