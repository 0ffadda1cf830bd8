//! One part of a filter, read more strictly than the library does, to which a misspelt level is a target.

use std::str::FromStr;

use tracing::level_filters::LevelFilter;

use super::LONGEST;

const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// Why a filter is none. Each message ends with what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFilterError {
    /// Nothing stands between two commas.
    #[error("a part of it is empty; {ADVICE}")]
    Empty,
    /// A word that is none of the levels.
    #[error("{what} is no level; {ADVICE}")]
    Level {
        /// The word, and where it stands.
        what: String,
    },
    /// A target that no code has.
    #[error("`{target}` is no target; {ADVICE}")]
    Target {
        /// The target as it was given.
        target: String,
    },
    /// Two levels for the same, of which one would be for nothing.
    #[error("it has two levels for {}; {ADVICE}", shown(target))]
    Twice {
        /// The target; empty for all that has no level of its own.
        target: String,
    },
    /// More than anybody would write.
    #[error("it has {bytes} bytes, and {LONGEST} are the most")]
    TooLong {
        /// The bytes that it has.
        bytes: usize,
    },
}

const ADVICE: &str = "write off, error, warn, info, debug or trace, then TARGET=LEVEL for each part of the program that \
     differs, such as `info,engine=debug`";

fn shown(target: &str) -> String {
    if target.is_empty() { "all that has none of its own".to_owned() } else { format!("`{target}`") }
}

/// A level, of a target or, where that is empty, of all that has none.
#[derive(Debug)]
pub(super) struct Directive {
    pub(super) target: String,
    pub(super) level: LevelFilter,
}

impl FromStr for Directive {
    type Err = LogFilterError;

    fn from_str(part: &str) -> Result<Self, Self::Err> {
        if part.is_empty() {
            return Err(LogFilterError::Empty);
        }
        let Some((target, level)) = part.split_once('=') else {
            let level = level(part).ok_or_else(|| LogFilterError::Level { what: format!("`{part}`") })?;
            return Ok(Self { target: String::new(), level });
        };
        let (target, word) = (target.trim(), level.trim());
        if !is_target(target) {
            return Err(LogFilterError::Target { target: target.to_owned() });
        }
        let level = self::level(word)
            .ok_or_else(|| LogFilterError::Level { what: format!("`{word}`, of `{part}`,") })?;
        Ok(Self { target: target.to_owned(), level })
    }
}

fn level(word: &str) -> Option<LevelFilter> {
    LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
}

/// Whether it could be the path of a module, or the name that some code has chosen for its lines.
fn is_target(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte))
}
