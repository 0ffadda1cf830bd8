//! An answer of one message.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header::CACHE_CONTROL, response::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use transcoding::TranscodingError;

use crate::{
    BoxError, JsonBody,
    frames::{Frames, unfit},
    headers::without_status,
    layer::Exchange,
    refusal::{Refusal, document},
    status::ended,
};

/// Reads the answer to its end, within bounds, and tells it.
pub(crate) async fn answer<B>(exchange: Exchange, mut parts: Parts, body: B) -> Response<JsonBody>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let told = match read(body, exchange.transcoder.limits().answer_bytes).await {
        Ok((message, mut trailers)) => {
            let status = ended(&trailers);
            without_status(&mut trailers);
            parts.headers.extend(trailers);
            match (status, message) {
                (Some(status), Some(message)) if status.is_ok() => {
                    exchange.route.decode(&message).map_err(|error| Refusal::of(&error))
                }
                (Some(status), _) if !status.is_ok() => {
                    Err(Refusal::of_status(&status, &exchange.transcoder))
                }
                _ => Err(Refusal::of(&unfit("it has no status or no message"))),
            }
        }
        Err(error) => Err(Refusal::of(&error)),
    };
    // While the answer was read, the request's body may still have been.
    match (exchange.outcome.get(), told) {
        (Some(error), _) => Refusal::of(error).response(parts, exchange.head),
        (None, Err(refusal)) => refusal.response(parts, exchange.head),
        (None, Ok(json)) => {
            parts.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
            document(parts, json.into(), exchange.head)
        }
    }
}

/// The message and the trailers.
async fn read<B>(body: B, limit: usize) -> Result<(Option<Bytes>, HeaderMap), TranscodingError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    let mut frames = Frames::new(limit);
    let (mut message, mut trailers) = (None, None);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unfit(Into::<BoxError>::into(error).to_string()))?;
        match frame.into_data() {
            Ok(data) => frames.push(&data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
        while let Some(next) = frames.next()? {
            if message.replace(next).is_some() {
                return Err(unfit("there is more than one message"));
            }
        }
    }
    let whole = frames.is_empty() && trailers.is_some();
    let trailers = trailers.unwrap_or_default();
    if whole { Ok((message, trailers)) } else { Err(unfit("it was cut off")) }
}
