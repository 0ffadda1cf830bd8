//! A line as one JSON object, for collectors. Never a colour code, never a raw newline.

use std::fmt::Display;

use opentelemetry::trace::{SpanId, TraceId};
use serde::{Serialize, Serializer};

use super::{Line, line::Details};

/// What most lines find room in, in bytes.
const LINE: usize = 512;

#[derive(Serialize)]
struct Object<'a> {
    time: &'a str,
    level: &'a str,
    target: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    req_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<Shown<TraceId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<Shown<SpanId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Details<'a>>,
}

/// Written as it shows itself.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

pub(super) fn render(line: &Line<'_>) -> Vec<u8> {
    let object = Object {
        time: &line.time,
        level: line.level.as_str(),
        target: line.target,
        message: line.message,
        req_id: line.req_id,
        trace_id: line.trace.as_ref().map(|trace| Shown(trace.trace_id())),
        span_id: line.trace.as_ref().map(|trace| Shown(trace.span_id())),
        principal: line.principal,
        fields: Some(line.details).filter(|details| !details.is_empty()),
    };
    let mut text = Vec::with_capacity(LINE);
    // Texts and numbers only: there is nothing in it that JSON could refuse.
    let _ = serde_json::to_writer(&mut text, &object);
    text
}

#[cfg(test)]
mod tests {
    use tracing::{dispatcher::with_default, info};

    use crate::capture;

    #[test]
    fn control_characters_and_odd_numbers_stay_inside_one_json_line() {
        let (dispatch, captured) = capture();
        let error = std::io::Error::other("disk on fire");
        with_default(&dispatch, || {
            info!(
                text = "a\nb\u{1b}[31m",
                ratio = f64::NAN,
                error = &error as &dyn std::error::Error,
                "line one\nline two"
            );
        });
        let line = &captured.lines()[0];
        assert_eq!(line["message"], "line one\nline two");
        assert_eq!(line["fields"]["text"], "a\nb\u{1b}[31m");
        assert_eq!(line["fields"]["ratio"], "NaN");
        assert_eq!(line["fields"]["error"], "disk on fire");
    }
}
