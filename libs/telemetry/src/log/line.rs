//! One log line before it is written.

use opentelemetry::trace::SpanContext;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

use super::fields::Fields;

/// What a line says; [`super::json`] and [`super::text`] decide how.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// RFC 3339 in UTC with microseconds.
    pub(crate) time: String,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: String,
    /// The id of the request that it is about.
    pub(crate) req_id: Option<String>,
    pub(crate) trace: Option<SpanContext>,
    /// Who is behind it.
    pub(crate) principal: Option<String>,
    pub(crate) fields: Fields,
}

impl<'a> Line<'a> {
    /// Splits the message, the request's id and the principal from the other fields.
    pub(crate) fn new(metadata: &Metadata<'a>, mut fields: Fields, trace: Option<SpanContext>) -> Self {
        Self {
            time: now(),
            level: *metadata.level(),
            target: metadata.target(),
            message: fields.take_text("message").unwrap_or_default(),
            req_id: fields.take_text("req_id"),
            trace,
            principal: fields.take_text("principal"),
            fields,
        }
    }
}

#[cfg(test)]
impl Line<'_> {
    /// A line that says this and nothing else.
    pub(crate) fn sample(message: &str) -> Self {
        Self {
            time: now(),
            level: Level::INFO,
            target: "sample",
            message: message.to_owned(),
            req_id: None,
            trace: None,
            principal: None,
            fields: Fields::default(),
        }
    }
}

fn now() -> String {
    let mut time = String::with_capacity(27);
    // Formatting into a string cannot fail; an empty time would be the sign of it.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    time
}
