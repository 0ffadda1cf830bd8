//! A line as one JSON object, for collectors. Never a colour code, never a raw newline.

use serde::Serialize;

use super::{Line, fields::Fields};

#[derive(Serialize)]
struct Object<'a> {
    time: &'a str,
    level: &'a str,
    target: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    req_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    fields: &'a Fields,
}

pub(super) fn render(line: &Line<'_>) -> String {
    let object = Object {
        time: &line.time,
        level: line.level.as_str(),
        target: line.target,
        message: &line.message,
        req_id: line.req_id.as_deref(),
        trace_id: line.trace.as_ref().map(|trace| trace.trace_id().to_string()),
        span_id: line.trace.as_ref().map(|trace| trace.span_id().to_string()),
        principal: line.principal.as_deref(),
        fields: &line.fields,
    };
    // Strings and numbers only: there is nothing in it that JSON could refuse.
    serde_json::to_string(&object).unwrap_or_default()
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
