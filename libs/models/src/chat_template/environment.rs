//! The Jinja that chat templates are written in: what `transformers` offers them, and no more.

use std::{error::Error as _, fmt, time::SystemTime};

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use minijinja::{Environment, Error, ErrorKind, Value, syntax::SyntaxConfig};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::json::to_json;
use crate::ModelError;

/// What the one template is called.
pub(super) const NAME: &str = "chat";

/// What one rendering may spend: a million steps, or 64 MB of text made on the way, output included.
const FUEL: u64 = 1_000_000;

/// Expressions and macros inside each other.
const MAX_DEPTH: usize = 100;

/// An environment that holds one template.
pub(super) fn with_template(source: &str) -> Result<Environment<'static>, ModelError> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(MAX_DEPTH);
    // As `transformers` sets them.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|error| fault(&error))?);
    environment.set_unknown_method_callback(unknown_method_callback);
    // Both print whatever they find, in time quadratic in its depth.
    environment.remove_filter("pprint");
    environment.remove_global("debug");
    environment.add_filter("tojson", to_json);
    environment.add_function("raise_exception", raise);
    environment.add_template_owned(NAME, source.to_owned()).map_err(|error| fault(&error))?;
    Ok(environment)
}

/// Gives templates a clock. UTC, since a server has no place.
pub(super) fn set_clock(
    environment: &mut Environment<'static>,
    now: impl Fn() -> SystemTime + Send + Sync + 'static,
) {
    environment.add_function("strftime_now", move |format: &str| {
        let wrong =
            |error: jiff::Error| Error::new(ErrorKind::InvalidOperation, format!("strftime_now: {error}"));
        let now = Timestamp::try_from(now()).map_err(wrong)?.to_zoned(TimeZone::UTC);
        strtime::format(format, &now).map_err(wrong)
    });
}

/// What a template said with `raise_exception`.
#[derive(Debug)]
struct Raised(String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Raised {}

fn raise(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, "raise_exception").with_source(Raised(message)))
}

/// A template's error in our words, with its line.
pub(super) fn fault(error: &Error) -> ModelError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Raised(message)) = inner.downcast_ref() {
            return ModelError::Refused { message: message.clone() };
        }
        cause = inner.source();
    }
    let problem = match error.kind() {
        ErrorKind::OutOfFuel => format!("took more than {FUEL} steps or their worth of text and was stopped"),
        kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    ModelError::Template { line: error.line(), problem }
}
