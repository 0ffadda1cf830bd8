//! The fields of spans and events, in the order they came.

use std::{
    error::Error,
    fmt::{self, Write},
    ops::Range,
};

use fault::Chain;
use serde::Serialize;
use tracing::field::{Field, Visit};

/// Bytes that the texts of most spans and events find room in.
const TEXT: usize = 256;

/// Names and values, each name once: a later value replaces an earlier one.
///
/// The texts of all stand in one piece of memory: every call has a dozen, and an allocation for each would cost it more
/// than writing its line does.
#[derive(Debug)]
pub(crate) struct Fields {
    entries: Vec<(&'static str, Held)>,
    text: String,
}

/// The value of a field.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

#[derive(Debug)]
enum Held {
    /// Where it stands in the text of all.
    Text(Range<usize>),
    /// One that is no text.
    Plain(Value<'static>),
}

impl Fields {
    /// No fields yet, and room for some.
    pub(crate) fn with_room(fields: usize) -> Self {
        Self { entries: Vec::with_capacity(fields), text: String::with_capacity(TEXT) }
    }

    /// No fields at all.
    #[cfg(test)]
    pub(crate) const fn none() -> Self {
        Self { entries: Vec::new(), text: String::new() }
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        for (name, held) in &others.entries {
            match held {
                Held::Text(range) => self.set_text(name, &others.text[range.clone()]),
                Held::Plain(value) => self.set(name, Held::Plain(*value)),
            }
        }
    }

    /// The text of a field; `None` too where its value is none.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, held) = self.entries.iter().find(|(known, _)| *known == name)?;
        match held {
            Held::Text(range) => Some(&self.text[range.clone()]),
            Held::Plain(_) => None,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, Value<'_>)> {
        self.entries.iter().map(|(name, held)| {
            let value = match held {
                Held::Text(range) => Value::Text(&self.text[range.clone()]),
                Held::Plain(value) => *value,
            };
            (*name, value)
        })
    }

    fn set_text(&mut self, name: &'static str, value: &str) {
        let start = self.text.len();
        self.text.push_str(value);
        self.set(name, Held::Text(start..self.text.len()));
    }

    fn set_shown(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let Some(name) = shown(field) else { return };
        let start = self.text.len();
        // What cannot show itself is told as far as it went.
        let _ = self.text.write_fmt(value);
        self.set(name, Held::Text(start..self.text.len()));
    }

    fn set_plain(&mut self, field: &Field, value: Value<'static>) {
        if let Some(name) = shown(field) {
            self.set(name, Held::Plain(value));
        }
    }

    fn set(&mut self, name: &'static str, held: Held) {
        let Some((_, before)) = self.entries.iter_mut().find(|(known, _)| *known == name) else {
            self.entries.push((name, held));
            return;
        };
        if let Held::Text(replaced) = std::mem::replace(before, held) {
            self.forget(replaced);
        }
    }

    /// Closes the gap of a text that was replaced: a span may live long, and tell the same thing often.
    fn forget(&mut self, replaced: Range<usize>) {
        for (_, held) in &mut self.entries {
            if let Held::Text(range) = held
                && range.start >= replaced.end
            {
                *range = range.start - replaced.len()..range.end - replaced.len();
            }
        }
        self.text.drain(replaced);
    }
}

/// What a field is called in a line; `None` for one that speaks to those who read traces only.
fn shown(field: &Field) -> Option<&'static str> {
    match field.name() {
        "rpc.method" => Some("method"),
        name if name.starts_with("otel.") || name.starts_with("rpc.") => None,
        name => Some(name),
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set_shown(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(name) = shown(field) {
            self.set_text(name, value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set_plain(field, Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set_plain(field, Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set_plain(field, Value::Unsigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no NaN and no infinity.
        if value.is_finite() {
            self.set_plain(field, Value::Float(value));
        } else {
            self.set_shown(field, format_args!("{value}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set_shown(field, format_args!("{}", Chain(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Held, Value};

    #[test]
    fn a_later_value_takes_the_place_and_the_room_of_an_earlier_one() {
        let mut fields = Fields::with_room(2);
        fields.set_text("model", "small");
        fields.set_text("state", "waiting");
        fields.set_text("peer", "a:1");
        for turn in 0..1000 {
            fields.set_text("state", &format!("turn {turn}"));
        }
        fields.set_text("model", "a larger one");
        fields.set("peer", Held::Plain(Value::Unsigned(7)));
        assert_eq!(fields.text("state"), Some("turn 999"));
        assert_eq!(fields.text("model"), Some("a larger one"));
        assert_eq!(fields.text("peer"), None);
        assert_eq!(fields.text.len(), "turn 999a larger one".len());
        let names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["model", "state", "peer"]);
        assert!(matches!(fields.iter().last(), Some((_, Value::Unsigned(7)))));
    }

    #[test]
    fn what_is_nearer_replaces_what_is_around_it() {
        let (mut outer, mut inner) = (Fields::with_room(2), Fields::with_room(2));
        outer.set_text("model", "m");
        outer.set_text("req_id", "r-1");
        inner.set_text("model", "inner");
        inner.set("slot", Held::Plain(Value::Signed(-3)));
        outer.extend(&inner);
        let told = serde_json::to_value(outer.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(told, serde_json::json!([["model", "inner"], ["req_id", "r-1"], ["slot", -3]]));
    }
}
