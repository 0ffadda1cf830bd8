//! A large answer as the pieces of a stream.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use objects::{Object, ObjectsError};
use proto::tools::v1::ReadAnswerResponse;
use tonic::Status;

/// Far below the largest message that any client takes.
const LARGEST: usize = 256 << 10;

/// The pieces, as they are asked for.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = Result<ReadAnswerResponse, Status>> + Send>>;

/// The pieces of an answer. The first one is there even of an answer without bytes, since it says what the answer is.
pub(super) fn pieces(object: Object) -> Pieces {
    let first = ReadAnswerResponse {
        media_type: object.info.attributes.content_type.clone().unwrap_or_default(),
        size_bytes: object.info.size,
        data: Vec::new(),
    };
    let rest = object.into_stream().flat_map(|bytes| stream::iter(cut(bytes)));
    Box::pin(stream::once(std::future::ready(Ok(first))).chain(rest))
}

/// Bytes as they come from a store, which may be many, as pieces that can be sent.
fn cut(bytes: Result<Bytes, ObjectsError>) -> Vec<Result<ReadAnswerResponse, Status>> {
    match bytes {
        Ok(bytes) => {
            let piece =
                |data: &[u8]| ReadAnswerResponse { data: data.to_vec(), ..ReadAnswerResponse::default() };
            bytes.chunks(LARGEST).map(|data| Ok(piece(data))).collect()
        }
        Err(error) => vec![Err(rpc::status(error))],
    }
}
