//! One log line before it is written.

use opentelemetry::trace::SpanContext;
use tracing::Metadata;
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
    pub(crate) level: &'static str,
    pub(crate) target: &'a str,
    pub(crate) message: String,
    pub(crate) req_id: Option<String>,
    pub(crate) trace: Option<SpanContext>,
    pub(crate) fields: Fields,
}

impl<'a> Line<'a> {
    /// Splits the message and the request id from the other fields.
    pub(crate) fn new(metadata: &Metadata<'a>, mut fields: Fields, trace: Option<SpanContext>) -> Self {
        Self {
            time: now(),
            level: metadata.level().as_str(),
            target: metadata.target(),
            message: fields.take_text("message").unwrap_or_default(),
            req_id: fields.take_text("req_id"),
            trace,
            fields,
        }
    }
}

fn now() -> String {
    let mut time = String::with_capacity(27);
    // Formatting into a string cannot fail; an empty time would be the sign of it.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    time
}
