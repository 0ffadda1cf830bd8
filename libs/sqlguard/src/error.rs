//! What can be wrong with a statement.

use std::{borrow::Cow, fmt};

use fault::{Fault, Kind};
use sqlparser::tokenizer::Location;

/// Why a statement does not run. Says what was refused, where, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The text is longer than anybody would write.
    #[error("the statement has {size} bytes, and {limit} are allowed")]
    TooLong {
        /// Bytes of the text.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// There are more words and signs than anybody would write.
    #[error(
        "the statement has more than {limit} words and signs: split it, or compare with a list in a table"
    )]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// It is nested too deeply, or has too long a chain of operators.
    #[error(
        "the statement is nested deeper than {limit} levels: name a part of it by WITH, or use IN (…) for a long chain of OR"
    )]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// It is not SQL, or not the dialect that runs here.
    #[error("{}this is not SQL that is understood here: {problem}", at(*.place))]
    Syntax {
        /// What was expected.
        problem: String,
        /// Where.
        place: Option<Place>,
    },
    /// It is understood, and may not run.
    #[error("{}{what} is refused; allowed: {allowed}", at(*.place))]
    Refused {
        /// What was found.
        what: String,
        /// What would have been allowed in its place.
        allowed: String,
        /// Where.
        place: Option<Place>,
    },
}

/// A place in the text, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl Place {
    /// A place as the parser has it; there is none for what was not in the text.
    pub(crate) fn of(location: Location) -> Option<Self> {
        (location.line > 0).then_some(Self { line: location.line, column: location.column })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

fn at(place: Option<Place>) -> String {
    place.map(|place| format!("{place}: ")).unwrap_or_default()
}

impl Fault for SqlError {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "SQL_NOT_UNDERSTOOD",
            _ => "SQL_REFUSED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, SqlError};

    #[test]
    fn a_refusal_says_what_where_and_what_instead() {
        let refused = SqlError::Refused {
            what: "INSERT".to_owned(),
            allowed: "SELECT".to_owned(),
            place: Some(Place { line: 2, column: 7 }),
        };
        assert_eq!(refused.to_string(), "line 2, column 7: INSERT is refused; allowed: SELECT");
        let nowhere = SqlError::Syntax { problem: "expected FROM".to_owned(), place: None };
        assert_eq!(nowhere.to_string(), "this is not SQL that is understood here: expected FROM");
    }
}
