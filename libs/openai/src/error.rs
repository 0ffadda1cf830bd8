//! What a client's JSON can have wrong.

use std::borrow::Cow;

use fault::{Fault, Kind, Violation};
use serde_json::Value;
use strictjson::StrictJsonError;

/// A request that cannot be understood, or asks for what is not there.
#[derive(Debug, thiserror::Error)]
pub enum OpenAiError {
    /// Not JSON, or not of the shape that it should have.
    #[error("is not JSON of the expected shape")]
    Body(#[from] serde_json::Error),
    /// A parameter is wrong.
    #[error("{violation}")]
    Parameter {
        /// In which way.
        problem: Problem,
        /// The parameter and what is expected of it.
        violation: Violation,
    },
    /// No model can have this name.
    #[error("the model {model:?} does not exist; /v1/models lists those that do")]
    NoSuchModel {
        /// The beginning of the name as it came.
        model: String,
    },
}

/// In which way a parameter is wrong, in the words that OpenAI's clients find in `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The endpoint has none of that name.
    Unknown,
    /// It has to be there.
    Missing,
    /// A text where a number is expected, and such.
    Type,
    /// A value out of its range.
    Value,
    /// It is given twice.
    Twice,
    /// OpenAI has it, and nothing here does it.
    UnsupportedParameter,
    /// OpenAI has this value of it, and nothing here does it.
    UnsupportedValue,
}

/// A name that came is told up to here.
const SHOWN: usize = 64;

impl OpenAiError {
    /// A parameter that has to be there.
    pub fn missing(parameter: &str) -> Self {
        Self::parameter(Problem::Missing, parameter, "is required")
    }

    /// A parameter, or a value of it, that is not supported; `description` says what to do.
    pub fn unsupported(parameter: &str, description: impl Into<String>) -> Self {
        Self::parameter(Problem::UnsupportedValue, parameter, description)
    }

    /// A parameter of the query, of which none are known.
    pub fn in_query(parameter: &str) -> Self {
        let name: String = parameter.chars().take(SHOWN).collect();
        let rule = "is not a parameter of the query that is known here: take it out";
        Self::parameter(Problem::Unknown, if name.is_empty() { "query" } else { &name }, rule)
    }

    /// No model can have this name.
    pub fn no_such_model(name: &str) -> Self {
        Self::NoSuchModel { model: name.chars().take(SHOWN).collect() }
    }

    pub(crate) fn parameter(problem: Problem, parameter: &str, description: impl Into<String>) -> Self {
        Self::Parameter { problem, violation: Violation::new(parameter, description) }
    }

    /// A value of another type than `expected` ("a number").
    pub(crate) fn of_type(parameter: &str, expected: &str, given: &Value) -> Self {
        let given = match given {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Self::parameter(Problem::Type, parameter, format!("expected {expected}, got {given}"))
    }
}

impl From<StrictJsonError> for OpenAiError {
    fn from(error: StrictJsonError) -> Self {
        match error {
            StrictJsonError::Malformed(error) => Self::Body(error),
            StrictJsonError::Twice { violation, .. } => {
                Self::Parameter { problem: Problem::Twice, violation }
            }
        }
    }
}

/// A parser's words with the column alone, and without that where the value was parsed before.
fn without_place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match said.strip_suffix(&place) {
        Some(bare) if error.line() <= 1 => format!("{bare} at column {}", error.column()),
        _ => said,
    }
}

impl Fault for OpenAiError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchModel { .. } => Kind::NotFound,
            Self::Body(_) | Self::Parameter { .. } => Kind::InvalidArgument,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            // What serde says names what was expected; the place, within one line, is only a column.
            Self::Body(error) => format!("{self}: {}", without_place(error)).into(),
            Self::Parameter { .. } | Self::NoSuchModel { .. } => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Body(error) if error.is_data() => self.kind().reason(),
            Self::Body(_) => "MALFORMED_JSON",
            Self::Parameter { problem, .. } => problem.reason(),
            Self::NoSuchModel { .. } => "MODEL_NOT_FOUND",
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Parameter { violation, .. } => std::slice::from_ref(violation),
            Self::Body(_) | Self::NoSuchModel { .. } => &[],
        }
    }
}

impl Problem {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN_PARAMETER",
            Self::Missing => "MISSING_REQUIRED_PARAMETER",
            Self::Type => "INVALID_TYPE",
            Self::Value => "INVALID_VALUE",
            // As our own JSON tells it.
            Self::Twice => "MALFORMED_JSON",
            Self::UnsupportedParameter => "UNSUPPORTED_PARAMETER",
            Self::UnsupportedValue => "UNSUPPORTED_VALUE",
        }
    }
}

#[cfg(test)]
mod tests {
    use fault::{Fault, Kind};
    use serde_json::{Value, json};

    use super::OpenAiError;

    #[test]
    fn a_body_that_is_no_json_is_told_from_one_of_another_shape() {
        let broken = OpenAiError::from(serde_json::from_str::<Value>("{").unwrap_err());
        assert_eq!(broken.reason(), "MALFORMED_JSON");
        let other = OpenAiError::from(serde_json::from_str::<u32>("\"a\"").unwrap_err());
        assert_eq!(other.reason(), "INVALID_ARGUMENT");
    }

    #[test]
    fn a_parameter_of_the_query_is_named() {
        let error = OpenAiError::in_query("api-version");
        assert_eq!(
            (error.reason(), error.violations()[0].field.as_str()),
            ("UNKNOWN_PARAMETER", "api-version")
        );
        assert_eq!(OpenAiError::in_query("").violations()[0].field, "query");
        assert!(OpenAiError::in_query(&"x".repeat(5000)).public_message().len() < 200);
    }

    #[test]
    fn a_wrong_type_is_told_with_what_came() {
        let error = OpenAiError::of_type("n", "a number", &json!([]));
        assert_eq!(error.public_message(), "n: expected a number, got an array");
        assert_eq!((error.reason(), error.violations()[0].field.as_str()), ("INVALID_TYPE", "n"));
    }

    #[test]
    fn a_name_that_no_model_can_have_is_one_that_is_not_found() {
        let error = OpenAiError::no_such_model(&"X".repeat(1000));
        assert_eq!((error.kind(), error.reason()), (Kind::NotFound, "MODEL_NOT_FOUND"));
        assert!(error.public_message().len() < 200);
    }
}
