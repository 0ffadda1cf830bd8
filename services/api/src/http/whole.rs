//! Bytes whose last piece waits until all before it are known to be sound.
//!
//! The store compares an object with its checksum when it has read the last byte. HTTP/1 does not ask for more once it
//! has sent as many bytes as it promised, and so would never hear that they were damaged.

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use objects::{Object, ObjectsError};

/// What is read whole before the answer begins, so that damage is an error with a status instead of a broken answer.
const SMALL: u64 = 64 * 1024;

/// The bytes of an object: of a small one only if they are sound.
pub(super) async fn sound(object: Object) -> Result<Body, ObjectsError> {
    let length = object.range.end - object.range.start;
    if length <= SMALL {
        return Ok(Body::from(object.bytes(SMALL).await?));
    }
    Ok(Body::from_stream(until_sound(object.into_stream()).map_err(rpc::status)))
}

/// The same pieces, each held back until the next one or the end has come. An error comes instead of the last piece, so
/// a reader gets less than was promised and knows it.
fn until_sound<E>(
    pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> impl Stream<Item = Result<Bytes, E>> {
    stream::unfold(Some((pieces, None)), |state| async move {
        let (mut pieces, held) = state?;
        let piece = match held {
            Some(piece) => Ok(piece),
            None => pieces.next().await?,
        };
        let Ok(piece) = piece else { return Some((piece, None)) };
        Some(match pieces.next().await {
            Some(Ok(next)) => (Ok(piece), Some((pieces, Some(next)))),
            Some(Err(error)) => (Err(error), None),
            None => (Ok(piece), None),
        })
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{StreamExt, stream};

    use super::until_sound;

    async fn passed(pieces: Vec<Result<&'static str, &'static str>>) -> Vec<Result<Bytes, &'static str>> {
        let pieces = pieces.into_iter().map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes())));
        until_sound(stream::iter(pieces)).collect().await
    }

    #[tokio::test]
    async fn sound_pieces_pass_and_an_error_comes_before_the_last() {
        assert_eq!(passed(vec![Ok("a"), Ok("b")]).await, [Ok("a".into()), Ok("b".into())]);
        assert_eq!(passed(vec![Ok("a"), Ok("b"), Err("bad")]).await, [Ok("a".into()), Err("bad")]);
        assert_eq!(passed(vec![Ok("a"), Err("bad")]).await, [Err("bad")]);
        assert_eq!(passed(vec![]).await, []);
    }
}
