//! What comes back for a request.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::Stream;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::EngineError;

/// One thing that happened to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The request got a slot. First of all events.
    Started {
        /// Time from admission until now.
        queued: Duration,
    },
    /// A token was generated.
    Token {
        /// Its id.
        id: u32,
        /// The text that became certain with it: empty while a character or a possible stop string is incomplete,
        /// more than the token's own where held-back text is released.
        text: String,
        /// Natural logarithm of its probability among all tokens, before sampling; when asked for.
        logprob: Option<f32>,
    },
    /// The generation ended. Last of all events.
    Finished(Finished),
}

/// How a generation ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Why.
    pub reason: FinishReason,
    /// The stop string that ended it, if one did.
    pub stop_string: Option<String>,
    /// Text that was held back and is certain now.
    pub text: String,
    /// What it consumed.
    pub usage: Usage,
    /// How long it took.
    pub timings: Timings,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// An end token or a stop string.
    Stop,
    /// `max_tokens` or the end of the context.
    Length,
}

/// Tokens consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub prompt_tokens: u32,
    /// Generated, the end token not counted.
    pub completion_tokens: u32,
}

/// Times from admission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// To a slot of its own, from where work on the prompt begins.
    pub queued: Duration,
    /// To the first token.
    pub first_token: Duration,
    /// To the end.
    pub total: Duration,
}

/// The events of one request, until [`Event::Finished`] or an error.
///
/// Dropping it cancels the request: its slot is free at the next step. A caller that does not read delays nobody; what
/// waits for it is bounded by the request's tokens.
#[derive(Debug)]
pub struct Generation {
    events: UnboundedReceiver<Result<Event, EngineError>>,
    ended: bool,
}

impl Generation {
    pub(crate) fn new(events: UnboundedReceiver<Result<Event, EngineError>>) -> Self {
        Self { events, ended: false }
    }
}

impl Stream for Generation {
    type Item = Result<Event, EngineError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // An engine that goes away in the very moment of the submission must not look like a finished text.
        let event = ready!(self.events.poll_recv(context)).unwrap_or(Err(EngineError::Draining));
        self.ended = matches!(event, Err(_) | Ok(Event::Finished(_)));
        Poll::Ready(Some(event))
    }
}
