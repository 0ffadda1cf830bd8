//! One line on its way, and what `tracing-loki` is shown of it.

use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::{Callsite, Identifier},
    field::{Field, FieldSet, Value},
    metadata::Kind,
    subscriber::Interest,
};

use crate::log::Line;

const COUNT: usize = 8;
const NAMES: [&str; COUNT] =
    ["message", "time", "target", "req_id", "trace_id", "span_id", "principal", "fields"];

/// A line that nothing refers to any more but itself.
#[derive(Debug)]
pub(crate) struct Entry {
    level: Level,
    /// In the order of [`NAMES`]; those that the line has.
    words: [Option<String>; COUNT],
}

impl Entry {
    pub(super) fn of(line: &Line<'_>) -> Self {
        let details =
            (!line.details.is_empty()).then(|| serde_json::to_string(&line.details).unwrap_or_default());
        let words = [
            Some(line.message.to_owned()),
            Some(line.time.clone()),
            Some(line.target.to_owned()),
            line.req_id.map(str::to_owned),
            line.trace.as_ref().map(|trace| trace.trace_id().to_string()),
            line.trace.as_ref().map(|trace| trace.span_id().to_string()),
            line.principal.map(str::to_owned),
            details,
        ];
        Self { level: line.level, words }
    }

    /// What it takes in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.words.iter().flatten().map(String::len).sum::<usize>()
    }

    /// Shows the line to a subscriber as an event with these fields, which comes from no place in the code.
    pub(super) fn show(&self, subscriber: &impl Subscriber) {
        let metadata = &site(self.level).0;
        let fields: Vec<Field> = metadata.fields().iter().collect();
        let values: [_; COUNT] = std::array::from_fn(|index| {
            (&fields[index], self.words[index].as_ref().map(|word| word as &dyn Value))
        });
        subscriber.event(&Event::new(metadata, &metadata.fields().value_set(&values)));
    }
}

/// What an event has to come from. An event's level is a constant, so each has one of its own.
struct Site(Metadata<'static>);

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &self.0
    }
}

macro_rules! site {
    ($level:ident) => {{
        static SITE: Site = Site(Metadata::new(
            "line",
            "ondol",
            Level::$level,
            None,
            None,
            None,
            FieldSet::new(&NAMES, Identifier(&SITE)),
            Kind::EVENT,
        ));
        &SITE
    }};
}

fn site(level: Level) -> &'static Site {
    match level {
        Level::ERROR => site!(ERROR),
        Level::WARN => site!(WARN),
        Level::INFO => site!(INFO),
        Level::DEBUG => site!(DEBUG),
        Level::TRACE => site!(TRACE),
    }
}
