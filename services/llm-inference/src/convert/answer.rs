//! What the engine says, as the contract's messages.

use std::time::Duration;

use engine::{Event, FinishReason, Finished, Timings, Usage};
use proto::inference::v1 as wire;
use wire::stream_generate_text_response::Event as WireEvent;

/// One event of a stream; none for what has no message of its own.
pub(crate) fn event(event: Event) -> Option<wire::StreamGenerateTextResponse> {
    let event = match event {
        // The stream said `started` when the request was admitted.
        Event::Started { .. } => return None,
        Event::Token { id, text, logprob } => WireEvent::Token(wire::Token { id, text, logprob }),
        Event::Finished(end) => WireEvent::Finished(finished(end)),
    };
    Some(wire::StreamGenerateTextResponse { event: Some(event) })
}

/// The last event of a stream.
fn finished(end: Finished) -> wire::Finished {
    wire::Finished {
        finish_reason: reason(end.reason).into(),
        stop_string: end.stop_string.unwrap_or_default(),
        usage: Some(usage(end.usage)),
        timings: Some(timings(end.timings)),
        text: end.text,
    }
}

/// Gathers the events of a generation into the one answer of a unary call.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    text: String,
    tokens: Vec<wire::Token>,
    end: Option<Finished>,
}

impl Answer {
    /// Takes the next event. Tokens are kept one by one only where they carry what the text does not.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Started { .. } => (),
            Event::Token { id, text, logprob } => {
                self.text.push_str(&text);
                if logprob.is_some() {
                    self.tokens.push(wire::Token { id, text, logprob });
                }
            }
            Event::Finished(mut end) => {
                self.text.push_str(&std::mem::take(&mut end.text));
                self.end = Some(end);
            }
        }
    }

    /// The answer, once the last event was taken.
    pub(crate) fn complete(self, model: String) -> Option<wire::GenerateTextResponse> {
        let end = finished(self.end?);
        Some(wire::GenerateTextResponse {
            model,
            text: self.text,
            finish_reason: end.finish_reason,
            stop_string: end.stop_string,
            usage: end.usage,
            timings: end.timings,
            tokens: self.tokens,
        })
    }
}

fn reason(reason: FinishReason) -> wire::FinishReason {
    match reason {
        FinishReason::Stop => wire::FinishReason::Stop,
        FinishReason::Length => wire::FinishReason::Length,
    }
}

fn usage(usage: Usage) -> wire::Usage {
    let Usage { prompt_tokens, completion_tokens } = usage;
    wire::Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: prompt_tokens.saturating_add(completion_tokens),
    }
}

fn timings(timings: Timings) -> wire::Timings {
    wire::Timings {
        queued: duration(timings.queued),
        first_token: duration(timings.first_token),
        total: duration(timings.total),
    }
}

fn duration(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: u32, text: &str, logprob: Option<f32>) -> Event {
        Event::Token { id, text: text.into(), logprob }
    }

    fn end(text: &str) -> Event {
        Event::Finished(Finished {
            reason: FinishReason::Stop,
            stop_string: Some("END".into()),
            text: text.into(),
            usage: Usage { prompt_tokens: 3, completion_tokens: 2 },
            timings: Timings { total: Duration::from_millis(1500), ..Timings::default() },
        })
    }

    #[test]
    fn a_unary_answer_is_the_stream_joined() {
        let mut answer = Answer::default();
        let started = Event::Started { queued: Duration::ZERO };
        for event in [started, token(1, "Hel", None), token(2, "", None), end("lo")] {
            answer.take(event);
        }
        let answer = answer.complete("stub".into()).unwrap();
        assert_eq!(answer.text, "Hello");
        assert_eq!(answer.stop_string, "END");
        assert_eq!(answer.usage.unwrap().total_tokens, 5);
        assert_eq!(answer.timings.unwrap().total.unwrap().nanos, 500_000_000);
        assert!(answer.tokens.is_empty(), "tokens come only with log probabilities");
    }

    #[test]
    fn log_probabilities_come_token_by_token() {
        let mut answer = Answer::default();
        for event in [token(1, "a", Some(-0.5)), end("")] {
            answer.take(event);
        }
        let answer = answer.complete("stub".into()).unwrap();
        assert_eq!(answer.tokens, [wire::Token { id: 1, text: "a".into(), logprob: Some(-0.5) }]);
    }

    #[test]
    fn there_is_no_answer_without_an_end() {
        let mut answer = Answer::default();
        answer.take(token(1, "a", None));
        assert!(answer.complete("stub".into()).is_none());
    }
}
