//! An object being read.

use std::{fmt, io, ops::Range};

use bytes::{Bytes, BytesMut};
use futures::{Stream, TryStreamExt};
use tokio::io::AsyncBufRead;
use tokio_util::io::StreamReader;

use crate::{ObjectInfo, ObjectsError, intact::Body};

/// An opened object: what it is, and its bytes as they come. Only a stream that ended without an error was read whole
/// and undamaged.
pub struct Object {
    /// What is known about it.
    pub info: ObjectInfo,
    /// The offsets that are being read.
    pub range: Range<u64>,
    body: Body,
}

impl Object {
    pub(crate) fn new(info: ObjectInfo, range: Range<u64>, body: Body) -> Self {
        Self { info, range, body }
    }

    /// The bytes in pieces, as they come. Whoever does not poll it holds up the store, not the memory.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ObjectsError>> + Send + Unpin + 'static {
        self.body
    }

    /// The bytes for code that reads, such as line by line; an [`ObjectsError`] is inside the I/O error.
    pub fn into_reader(self) -> impl AsyncBufRead + Send + Unpin + 'static {
        StreamReader::new(self.body.map_err(io::Error::other))
    }

    /// All the bytes at once, if they are at most `limit`; else [`ObjectsError::TooLarge`], before any was read.
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes, ObjectsError> {
        let length = self.range.end - self.range.start;
        if length > limit {
            return Err(ObjectsError::TooLarge { key: self.info.key, limit });
        }
        let mut all = BytesMut::with_capacity(length as usize);
        while let Some(bytes) = self.body.try_next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("info", &self.info).field("range", &self.range).finish_non_exhaustive()
    }
}
