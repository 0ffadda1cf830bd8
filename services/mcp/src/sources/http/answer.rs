//! What an upstream's answer means to whoever called the tool.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use egress::EgressError;
use fault::{Fault, Kind};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use secrets::Redactor;
use serde_json::Value;
use tools::{Content, Output, ToolsError};

use super::projection::Projection;
use crate::sources::structured::object;

/// Callers are not told to wait for longer, whatever an upstream asks.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How much of an upstream's complaint is repeated.
const EXCERPT: usize = 500;

/// How answers of one tool are read.
pub(super) struct Reading {
    /// The tool.
    pub(super) name: String,
    /// Whom it asks.
    pub(super) upstream: String,
    /// What of an answer is handed on.
    pub(super) projection: Option<Projection>,
    /// Whether it must be JSON.
    pub(super) structured: bool,
    /// Whether requests are made in somebody's name.
    pub(super) authenticated: bool,
}

impl Reading {
    /// What came back, as the tool's answer.
    pub(super) async fn read(
        &self,
        response: egress::Response,
        redactor: &Redactor,
    ) -> Result<Output, ToolsError> {
        let status = response.status;
        if status.is_success() {
            let media_type = redactor.text(media_type(&response.headers));
            let body = response.bytes().await.map_err(|error| self.unanswered(error))?;
            return self.success(&media_type, body, redactor);
        }
        let fails = status.is_server_error()
            || status.is_redirection()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        if fails {
            let retry_after = response.retry_after().map(|pause| pause.min(LONGEST_PAUSE));
            return Err(self.failed(response.host(), format!("it answered {status}"), retry_after));
        }
        if self.authenticated && status == StatusCode::UNAUTHORIZED {
            tracing::error!(
                tool = self.name,
                upstream = self.upstream,
                "the upstream refuses the tool's credentials"
            );
            return Err(ToolsError::inner(Refused { upstream: self.upstream.clone() }));
        }
        if self.authenticated && status == StatusCode::FORBIDDEN {
            // Perhaps this one thing is not ours; its words would be about our account.
            tracing::warn!(
                tool = self.name,
                upstream = self.upstream,
                "the upstream forbids what a tool asks"
            );
            return Ok(Output::refusal(format!("{} answered {status}", self.upstream)));
        }
        // Whatever else it does not like, the caller may mend. Its words are those of a stranger.
        let body = response.bytes().await.unwrap_or_default();
        // As JSON, a secret may be written in ways that its text does not have.
        let words = match serde_json::from_slice::<Value>(&body) {
            Ok(value) => redactor.value(value).to_string(),
            Err(_) => redactor.text(String::from_utf8_lossy(&body).into_owned()),
        };
        let words = excerpt(&words);
        let colon = if words.is_empty() { "" } else { ": " };
        Ok(Output::refusal(format!("{} answered {status}{colon}{words}", self.upstream)))
    }

    fn success(&self, media_type: &str, body: Bytes, redactor: &Redactor) -> Result<Output, ToolsError> {
        if self.structured || is_json(media_type) {
            return self.json(media_type, &body, redactor);
        }
        if body.is_empty() {
            return Ok(Output::text("done"));
        }
        let plain = match String::from_utf8(body.into()) {
            Ok(text) => return Ok(Output::text(redactor.text(text))),
            Err(binary) => Bytes::from(binary.into_bytes()),
        };
        if redactor.holds(&plain) {
            return Err(self.bad("it repeats a secret among bytes".to_owned()));
        }
        let media_type = media_type.to_owned();
        let piece = match media_type.split('/').next() {
            Some("image") => Content::Image { data: plain, media_type },
            Some("audio") => Content::Audio { data: plain, media_type },
            _ => Content::Resource {
                uri: format!("ondol://tools/{}/answer", self.name),
                media_type,
                data: plain,
            },
        };
        Ok(Output { structured: None, content: vec![piece], is_error: false })
    }

    fn json(&self, media_type: &str, body: &[u8], redactor: &Redactor) -> Result<Output, ToolsError> {
        let value = if body.is_empty() {
            Value::Null
        } else {
            let parsed = serde_json::from_slice(body);
            parsed.map_err(|error| self.bad(format!("it is {media_type:.60} {}", unreadable(&error))))?
        };
        let value = redactor.value(value);
        let value = match &self.projection {
            Some(projection) => projection.apply(value).map_err(|problem| {
                self.bad(format!("the expression in `result` does not fit it: {problem}"))
            })?,
            None => value,
        };
        Ok(Output::structured(object(value)))
    }

    /// Why there is no answer, or only a part of one.
    pub(super) fn unanswered(&self, error: EgressError) -> ToolsError {
        match error.host().map(str::to_owned) {
            Some(host) if host != self.upstream => {
                let error = ToolsError::inner(error);
                if error.is_failure() {
                    self.elsewhere(host, error.public_message().into_owned())
                } else {
                    error
                }
            }
            _ => ToolsError::inner(error),
        }
    }

    fn failed(&self, host: &str, message: String, retry_after: Option<Duration>) -> ToolsError {
        if host != self.upstream {
            return self.elsewhere(host.to_owned(), message);
        }
        ToolsError::Upstream { upstream: self.upstream.clone(), message, retry_after, source: None }
    }

    fn elsewhere(&self, host: String, message: String) -> ToolsError {
        ToolsError::Elsewhere { upstream: self.upstream.clone(), host, message }
    }

    fn bad(&self, problem: String) -> ToolsError {
        ToolsError::BadAnswer { name: self.name.clone(), problem }
    }
}

/// The upstream does not take what the request was given.
#[derive(Debug, thiserror::Error)]
#[error("{upstream} does not take the credentials of this tool")]
struct Refused {
    upstream: String,
}

impl Fault for Refused {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn reason(&self) -> &'static str {
        "CREDENTIALS_REFUSED"
    }

    fn nothing_was_done(&self) -> bool {
        true
    }
}

/// What keeps JSON from being read. Where in it would tell what is in it.
fn unreadable(error: &serde_json::Error) -> &'static str {
    let said = error.to_string();
    if said.starts_with("recursion limit exceeded") {
        "that is nested more than 127 deep"
    } else if said.starts_with("number out of range") {
        "with a number that no double holds"
    } else if error.is_eof() {
        "that ends in the middle"
    } else {
        "that is not JSON"
    }
}

fn is_json(media_type: &str) -> bool {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

fn media_type(headers: &HeaderMap) -> String {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    named.unwrap_or("application/octet-stream").to_ascii_lowercase()
}

/// The beginning of what a stranger says, on one line.
fn excerpt(words: &str) -> String {
    let plain = words.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let mut line = String::new();
    for word in plain {
        if line.len() + word.len() > EXCERPT {
            line.extend(word.chars().take(EXCERPT.saturating_sub(line.len())));
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{excerpt, unreadable};

    #[test]
    fn what_keeps_an_answer_from_being_read_is_told_without_the_answer() {
        let said = |text: &str| unreadable(&serde_json::from_str::<Value>(text).unwrap_err());
        assert_eq!(said(r#"{"secret": 1e400}"#), "with a number that no double holds");
        assert_eq!(said(&"[".repeat(5000)), "that is nested more than 127 deep");
        assert_eq!(said(r#"{"secret": "#), "that ends in the middle");
        assert_eq!(said("<html>"), "that is not JSON");
    }

    #[test]
    fn complaints_are_cut_and_put_on_one_line() {
        assert_eq!(excerpt(" no\r\n\u{1b}[31msuch\titem "), "no [31msuch item");
        assert!(excerpt(&"ä".repeat(5000)).chars().count() <= 501);
        assert!(excerpt(&"word ".repeat(5000)).len() < 520);
        assert_eq!(excerpt(""), "");
    }
}
