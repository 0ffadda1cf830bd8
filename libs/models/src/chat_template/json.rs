//! `tojson` as templates expect it: Python's `json.dumps`, not HTML's cautious dialect.

use std::io;

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// A deeper indent is no use to a model, and each level multiplies it.
const MAX_INDENT: usize = 16;

/// Lists and maps inside each other. A template can nest them endlessly, and writing follows them on the stack.
const MAX_NESTING: usize = 64;

/// The filter. It knows `indent`; other arguments (such as `ensure_ascii`) are taken and ignored, since their usual
/// values are what it does anyway.
#[expect(clippy::needless_pass_by_value, reason = "the engine calls filters with owned arguments")]
pub(super) fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    if !nests_within(value, MAX_NESTING) {
        let problem = format!("tojson: the value is nested more than {MAX_NESTING} deep");
        return Err(Error::new(ErrorKind::InvalidOperation, problem));
    }
    let indent: Option<usize> = options.get("indent")?;
    let failed = |error: serde_json::Error| {
        Error::new(ErrorKind::BadSerialization, "tojson: the value has no JSON form").with_source(error)
    };
    let mut json = Vec::new();
    match indent {
        None => value.serialize(&mut Serializer::with_formatter(&mut json, Spaced)).map_err(failed)?,
        Some(width) => {
            let step = " ".repeat(width.min(MAX_INDENT));
            let formatter = PrettyFormatter::with_indent(step.as_bytes());
            value.serialize(&mut Serializer::with_formatter(&mut json, formatter)).map_err(failed)?;
        }
    }
    let text = String::from_utf8(json)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, "tojson: not UTF-8").with_source(error))?;
    Ok(Value::from_safe_string(text))
}

fn nests_within(value: &Value, levels: usize) -> bool {
    let is_map = match value.kind() {
        ValueKind::Map => true,
        ValueKind::Seq | ValueKind::Iterable => false,
        _ => return true,
    };
    let Some(levels) = levels.checked_sub(1) else { return false };
    // What cannot be walked is no value to write either; the serializer says why.
    let Ok(mut items) = value.try_iter() else { return true };
    if is_map {
        return items.all(|key| value.get_item(&key).is_ok_and(|item| nests_within(&item, levels)));
    }
    items.all(|item| nests_within(&item, levels))
}

/// One line, with a space after each comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
