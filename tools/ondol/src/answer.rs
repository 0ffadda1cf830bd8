//! A streamed answer, shown as it comes and measured.

use std::time::{Duration, Instant};

use anyhow::bail;
use proto::inference::v1::{self as wire, FinishReason, Usage, stream_generate_text_response::Event};

use crate::client::Client;

/// A whole answer and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The model that answered.
    pub(crate) model: String,
    /// All of the text.
    pub(crate) text: String,
    /// What it consumed.
    pub(crate) usage: Usage,
    /// From the request to the first token.
    pub(crate) first_token: Duration,
    /// From the first token to the last.
    generating: Duration,
    reason: i32,
}

impl Answer {
    /// Why it ended: `stop` or `length`.
    pub(crate) fn finish_reason(&self) -> &'static str {
        match FinishReason::try_from(self.reason) {
            Ok(FinishReason::Stop) => "stop",
            Ok(FinishReason::Length) => "length",
            _ => "unknown",
        }
    }

    /// Tokens after the first one, per second; 0 where there are none.
    pub(crate) fn tokens_per_second(&self) -> f64 {
        let rest = self.usage.completion_tokens.saturating_sub(1);
        if rest == 0 { 0.0 } else { f64::from(rest) / self.generating.as_secs_f64().max(1e-9) }
    }

    /// One line of figures.
    pub(crate) fn summary(&self) -> String {
        let Usage { prompt_tokens, completion_tokens, .. } = self.usage;
        format!(
            "{prompt_tokens} prompt tokens, first token after {:.0} ms, {completion_tokens} tokens at {:.1} tokens/s, \
             ended by {}",
            self.first_token.as_secs_f64() * 1e3,
            self.tokens_per_second(),
            self.finish_reason(),
        )
    }
}

/// Sends the request and hands each piece of text to `show` as it comes.
pub(crate) async fn stream(
    client: &mut Client,
    request: wire::GenerateTextRequest,
    mut show: impl FnMut(&str),
) -> anyhow::Result<Answer> {
    let sent = Instant::now();
    let events = client.rpc().stream_generate_text(request).await;
    let mut events = events.map_err(|status| client.explained(status))?.into_inner();
    let mut answer = Answer::default();
    let mut first = None;
    while let Some(event) = events.message().await.map_err(|status| client.explained(status))? {
        let text = match event.event {
            Some(Event::Started(started)) => {
                answer.model = started.model;
                continue;
            }
            Some(Event::Token(token)) => {
                first.get_or_insert_with(Instant::now);
                token.text
            }
            Some(Event::Finished(end)) => {
                let first = first.unwrap_or_else(Instant::now);
                answer.first_token = first - sent;
                answer.generating = first.elapsed();
                answer.usage = end.usage.unwrap_or_default();
                answer.reason = end.finish_reason;
                answer.text.push_str(&end.text);
                show(&end.text);
                return Ok(answer);
            }
            Some(Event::Heartbeat(_)) | None => continue,
        };
        answer.text.push_str(&text);
        show(&text);
    }
    bail!("the server ended the stream before the answer was complete")
}
