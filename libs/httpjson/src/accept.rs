//! How a caller wants a stream.

use http::{HeaderMap, header::ACCEPT};

const EVENTS: &str = "text/event-stream";
const LINES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// Whether `text/event-stream` is accepted, and JSON on lines not rather. What accepts anything gets lines.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    let (mut events, mut lines) = (0.0, 0.0);
    let listed = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    for range in listed.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        let quality: f32 = quality.unwrap_or(0.0);
        if kind.eq_ignore_ascii_case(EVENTS) {
            events = quality;
        } else if LINES.iter().any(|line| kind.eq_ignore_ascii_case(line)) {
            lines = quality;
        }
    }
    events > 0.0 && events >= lines
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::ACCEPT};

    use super::wants_events;

    #[test]
    fn events_are_for_whoever_asks_for_them() {
        for (accept, events) in [
            ("text/event-stream", true),
            ("Text/Event-Stream, */*", true),
            ("application/json, text/event-stream", true),
            ("text/event-stream;q=0.5, application/x-ndjson", false),
            ("text/event-stream, application/x-ndjson;q=0.5", true),
            ("text/event-stream;q=0", false),
            ("text/event-stream;q=much", false),
            ("application/x-ndjson", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers: HeaderMap = [(ACCEPT, accept.parse().unwrap())].into_iter().collect();
            assert_eq!(wants_events(&headers), events, "{accept}");
        }
        assert!(!wants_events(&HeaderMap::new()));
    }
}
