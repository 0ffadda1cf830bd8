//! Bytes on their way to a reader, compared with what was promised.

use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};

use crate::{Key, ObjectsError, checksum::Expected};

/// The bytes of an object on their way.
pub(crate) type Body = BoxStream<'static, Result<Bytes, ObjectsError>>;

/// What a body must come to.
#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) key: Key,
    /// Bytes still to come.
    pub(crate) left: u64,
    /// For whole objects whose checksum is known.
    pub(crate) checksum: Option<Expected>,
}

/// The body, ending in an error unless all of it was as promised. Readers must not trust what they have read before
/// they have seen the end.
pub(crate) fn intact(body: Body, promise: Promise) -> Body {
    let state = Some((body, promise));
    stream::unfold(state, |state| async move {
        let (mut body, mut promise) = state?;
        match body.next().await {
            Some(Ok(bytes)) => match promise.note(&bytes) {
                Ok(()) => Some((Ok(bytes), Some((body, promise)))),
                Err(error) => Some((Err(error), None)),
            },
            Some(Err(error)) => Some((Err(error), None)),
            None => promise.end().err().map(|error| (Err(error), None)),
        }
    })
    .boxed()
}

impl Promise {
    fn note(&mut self, bytes: &Bytes) -> Result<(), ObjectsError> {
        self.left = match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => left,
            None => return Err(self.damaged("there are more bytes than its length says".to_owned())),
        };
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), ObjectsError> {
        if self.left > 0 {
            return Err(self.damaged(format!("{} bytes are missing at the end", self.left)));
        }
        if self.checksum.take().is_none_or(Expected::holds) {
            return Ok(());
        }
        Err(self.damaged("its bytes do not fit the stored checksum".to_owned()))
    }

    fn damaged(&self, problem: String) -> ObjectsError {
        ObjectsError::Damaged { key: self.key.clone(), problem }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{StreamExt, TryStreamExt, stream};

    use super::{Promise, intact};
    use crate::{Key, ObjectsError, checksum::Expected};

    async fn read(text: &'static str, left: u64, crc64: Option<u64>) -> Result<Vec<Bytes>, ObjectsError> {
        let chunks = text.split_inclusive(' ').map(|part| Ok(Bytes::from_static(part.as_bytes())));
        let checksum = crc64.map(|value| Expected::crc64(Bytes::copy_from_slice(&value.to_be_bytes())));
        let promise = Promise { key: Key::new("k").unwrap(), left, checksum };
        intact(stream::iter(chunks).boxed(), promise).try_collect().await
    }

    #[tokio::test]
    async fn only_what_was_promised_ends_well() {
        const CRC: u64 = 0xae8b_1486_0a79_9888;
        assert_eq!(read("123456789", 9, Some(CRC)).await.unwrap().concat(), b"123456789");
        assert_eq!(read("1 2", 3, None).await.unwrap().len(), 2);
        for (left, crc64) in [(8, None), (10, None), (9, Some(CRC + 1))] {
            let error = read("123456789", left, crc64).await.unwrap_err();
            assert!(matches!(error, ObjectsError::Damaged { .. }), "{error}");
        }
    }
}
