//! One log line before it is written.

use opentelemetry::trace::SpanContext;
use serde::{Serialize, Serializer};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

use super::fields::{Fields, Value};

const MESSAGE: &str = "message";
const REQ_ID: &str = "req_id";
const PRINCIPAL: &str = "principal";

/// What a line says; [`super::json`] and [`super::text`] decide how.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// RFC 3339 in UTC with microseconds.
    pub(crate) time: String,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    /// The id of the request that it is about.
    pub(crate) req_id: Option<&'a str>,
    pub(crate) trace: Option<SpanContext>,
    /// Who is behind it.
    pub(crate) principal: Option<&'a str>,
    /// The other fields.
    pub(crate) details: Details<'a>,
}

impl<'a> Line<'a> {
    /// Tells the message, the request's id and the principal from the other fields.
    pub(crate) fn new(metadata: &Metadata<'a>, fields: &'a Fields, trace: Option<SpanContext>) -> Self {
        Self {
            time: now(),
            level: *metadata.level(),
            target: metadata.target(),
            message: fields.text(MESSAGE).unwrap_or_default(),
            req_id: fields.text(REQ_ID),
            trace,
            principal: fields.text(PRINCIPAL),
            details: Details(fields),
        }
    }
}

/// The fields of a line that have no place of their own in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details<'a>(pub(super) &'a Fields);

impl<'a> Details<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'static str, Value<'a>)> {
        let has_place =
            |name, value: &_| matches!(name, MESSAGE | REQ_ID | PRINCIPAL) && matches!(value, Value::Text(_));
        self.0.iter().filter(move |(name, value)| !has_place(*name, value))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
impl<'a> Line<'a> {
    /// A line that says this and nothing else.
    pub(crate) fn sample(message: &'a str) -> Self {
        static NOTHING: Fields = Fields::none();
        Self {
            time: now(),
            level: Level::INFO,
            target: "sample",
            message,
            req_id: None,
            trace: None,
            principal: None,
            details: Details(&NOTHING),
        }
    }
}

fn now() -> String {
    let mut time = String::with_capacity(27);
    // Formatting into a string cannot fail; an empty time would be the sign of it.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    time
}
