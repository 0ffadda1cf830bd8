//! A line for people at a terminal: time of day, level, message, then the details, dimmed.

use std::{borrow::Cow, fmt::Write};

use tracing::Level;

use super::{Line, fields::Value};

const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

pub(super) fn render(line: &Line<'_>, color: bool) -> String {
    let paint = |code: &'static str| if color { code } else { "" };
    let (dim, reset) = (paint(DIM), paint(RESET));
    // The date is on the wall; the time of day, to the millisecond, is what a reader compares.
    let clock = line.time.get(11..23).unwrap_or(&line.time);
    let mut text = format!(
        "{dim}{clock}{reset} {}{:>5}{reset} {dim}{}{reset} {}",
        paint(level_color(line.level)),
        line.level.as_str(),
        line.target.split("::").next().unwrap_or_default(),
        printable(line.message),
    );
    let named = [("principal", line.principal), ("req_id", line.req_id)];
    let named = named.into_iter().filter_map(|(name, text)| Some((name, Value::Text(text?))));
    for (name, value) in line.details.iter().chain(named) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {dim}{name}={reset}{}", plain(value));
    }
    text
}

fn level_color(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[34m",
    }
}

/// A value as short as it can be without becoming ambiguous.
fn plain(value: Value<'_>) -> String {
    match value {
        Value::Text(text) if text.is_empty() || text.contains([' ', '=', '"']) => format!("{text:?}"),
        Value::Text(text) => printable(text).into_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Signed(value) => value.to_string(),
        Value::Unsigned(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
    }
}

/// Text from outside must not move the cursor or forge a line of its own.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use tracing::{Level, field::Visit as _};

    use super::{
        super::{fields::Fields, line::Details},
        Line, render,
    };

    fn line<'a>(message: &'a str, fields: &'a Fields) -> Line<'a> {
        Line {
            time: "2026-11-22T09:08:07.123456Z".to_owned(),
            level: Level::INFO,
            target: "api::grpc",
            message,
            req_id: Some("r-1"),
            trace: None,
            principal: Some("team-a"),
            details: Details(fields),
        }
    }

    fn fields() -> Fields {
        struct Probe;
        impl tracing::Callsite for Probe {
            fn set_interest(&self, _: tracing::subscriber::Interest) {}
            fn metadata(&self) -> &tracing::Metadata<'_> {
                &METADATA
            }
        }
        static PROBE: Probe = Probe;
        static METADATA: tracing::Metadata<'static> = tracing::metadata! {
            name: "probe", target: "probe", level: Level::INFO,
            fields: &["status", "detail"], callsite: &PROBE, kind: tracing::metadata::Kind::EVENT,
        };
        let mut fields = Fields::with_room(2);
        let names = METADATA.fields();
        fields.record_str(&names.field("status").unwrap(), "OK");
        fields.record_str(&names.field("detail").unwrap(), "two words");
        fields
    }

    #[test]
    fn a_line_reads_from_the_time_of_day_to_the_request() {
        let text = render(&line("served", &fields()), false);
        assert_eq!(
            text,
            "09:08:07.123  INFO api served status=OK detail=\"two words\" principal=team-a req_id=r-1"
        );
    }

    #[test]
    fn colours_frame_words_and_nothing_else() {
        let text = render(&line("served", &Fields::none()), true);
        assert!(text.starts_with("\u{1b}[2m09:08:07.123\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m "), "{text:?}");
    }

    #[test]
    fn a_message_cannot_forge_a_line_or_move_the_cursor() {
        let text = render(&line("a\nERROR b\u{1b}[2J", &Fields::none()), false);
        assert!(text.contains(r"a\nERROR b\u{1b}[2J"), "{text}");
        assert!(!text.contains('\n') && !text.contains('\u{1b}'));
    }
}
