//! A generation as server-sent events, each told as soon as it comes. Whoever closes the connection drops the stream,
//! which stops the work.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use openai::{Form, Teller, error_of};
use proto::inference::v1::{StreamGenerateTextResponse, stream_generate_text_response::Event};
use rpc::LastWords;
use tonic::Status;

use super::{
    Refused,
    generate::{made, told},
};
use crate::ApiError;

/// nginx would collect some kilobytes first.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

type Events = Pin<Box<dyn Stream<Item = Result<StreamGenerateTextResponse, Status>> + Send>>;

/// Both the stream and its last words speak.
type Speaker = Arc<Mutex<Box<dyn Teller>>>;

/// Answers with events. What is refused before the first one is refused as a whole, with HTTP's status.
pub(super) async fn answer(mut events: Events, form: Form) -> Result<Response, Refused> {
    let first = match events.next().await {
        Some(Ok(first)) => first,
        Some(Err(status)) => return Err(told(status, &form).into()),
        None => return Err(ApiError::TextBrokenOff.into()),
    };
    let speaker: Speaker = Arc::new(Mutex::new(form.teller(made())));
    let words = Arc::clone(&speaker);
    let last = LastWords::new(move |document| {
        words.lock().unwrap_or_else(PoisonError::into_inner).failed(&error_of(document))
    });
    let events = stream::iter([Ok(first)]).chain(events).boxed();
    let headers =
        [(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-store"), (UNBUFFERED, "no")];
    let mut response = (headers, Body::from_stream(texts(events, speaker))).into_response();
    response.extensions_mut().insert(last);
    Ok(response)
}

/// Where a stream stands.
enum Place {
    Amid(Events),
    /// All is told; only the end of the other side's call is awaited, so that nobody takes it for one that was given
    /// up.
    Ended(Events),
    Over,
}

/// The text of the events. An error ends it, and so does an end without the event that says so.
fn texts(events: Events, speaker: Speaker) -> impl Stream<Item = Result<Bytes, Status>> + Send {
    stream::unfold(Place::Amid(events), move |mut place| {
        let speaker = Arc::clone(&speaker);
        async move {
            loop {
                let (text, next) = step(place, &speaker).await?;
                match text {
                    Ok(text) if text.is_empty() => place = next,
                    text => return Some((text.map(Bytes::from), next)),
                }
            }
        }
    })
}

/// What is told next, which may be nothing.
async fn step(place: Place, speaker: &Speaker) -> Option<(Result<String, Status>, Place)> {
    let mut events = match place {
        Place::Amid(events) => events,
        Place::Ended(mut events) => {
            while let Some(Ok(_)) = events.next().await {}
            return None;
        }
        Place::Over => return None,
    };
    Some(match events.next().await {
        Some(Ok(StreamGenerateTextResponse { event: Some(event) })) => {
            let last = matches!(event, Event::Finished(_));
            let text = speaker.lock().unwrap_or_else(PoisonError::into_inner).tell(event);
            (Ok(text), if last { Place::Ended(events) } else { Place::Amid(events) })
        }
        // An event of a later contract.
        Some(Ok(StreamGenerateTextResponse { event: None })) => (Ok(String::new()), Place::Amid(events)),
        Some(Err(status)) => (Err(status), Place::Over),
        None => (Err(rpc::status(ApiError::TextBrokenOff)), Place::Over),
    })
}
