//! The one error of this crate.

use std::{borrow::Cow, io, path::PathBuf};

use fault::{Fault, Kind, Violation};

/// Why a package could not be read, made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The operating system refused an operation on a file.
    #[error("could not {action} {}{}", path.display(), advice(source.kind()))]
    Io {
        /// What was to be done, as `read` or `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// A file ends before something that it announces.
    #[error(
        "{what} needs {needed} bytes but only {available} are left: the file is truncated or damaged; fetch it again"
    )]
    Truncated {
        /// What did not fit.
        what: String,
        /// Bytes that it claims.
        needed: u64,
        /// Bytes that the file has for it.
        available: u64,
    },

    /// A file contradicts its own format.
    #[error("{what} is {found}, expected {expected}: the file is damaged or not what its name says")]
    Malformed {
        /// The part of the file.
        what: String,
        /// What it holds.
        found: String,
        /// What the format wants there.
        expected: String,
    },

    /// A name that must be unique occurs twice.
    #[error("{what} occurs twice: the file is damaged")]
    Duplicate {
        /// The key or tensor.
        what: String,
    },

    /// Two tensors claim the same bytes.
    #[error("tensors {first} and {second} overlap: the file is damaged")]
    Overlap {
        /// The tensor that begins first.
        first: String,
        /// The tensor that begins inside it.
        second: String,
    },

    /// Something that this kind of model must have is absent.
    #[error("{what} is missing, and a model of this kind cannot do without it")]
    Missing {
        /// The key or tensor.
        what: String,
    },

    /// A weight or a scale is NaN or infinite.
    #[error("tensor {tensor} holds a NaN or an infinity: the model is damaged")]
    NotFinite {
        /// The tensor.
        tensor: String,
    },

    /// A sound file that asks for something this build cannot do.
    #[error("{what} is {found}; this version supports {supported}")]
    Unsupported {
        /// The feature.
        what: String,
        /// What the file asks for.
        found: String,
        /// What would be accepted.
        supported: String,
    },

    /// A name that cannot be a model's.
    #[error(
        "{name:?} cannot be a model's name: use 1 to 63 lower-case letters, digits, dots, underscores and hyphens, \
         beginning with a letter or a digit"
    )]
    InvalidName {
        /// The name as it was given.
        name: String,
    },

    /// The store already has a package of this name.
    #[error("the store already has a model {name}: choose another name, or ask to replace it")]
    AlreadyExists {
        /// The package's name.
        name: String,
    },

    /// Another process is writing into the store.
    #[error("another import or pull is writing into the store {}: wait until it has ended", path.display())]
    StoreBusy {
        /// The store's folder.
        path: PathBuf,
    },

    /// No package has this name.
    #[error("no model is called {name:?}; {}", offer(available))]
    NotFound {
        /// The name that was asked for.
        name: String,
        /// The names that exist, sorted.
        available: Vec<String>,
    },

    /// `model.toml` is not one that this build can use.
    #[error("model.toml{}: {problem}", at_line(*line))]
    Manifest {
        /// The line in question, from 1, where it is known.
        line: Option<usize>,
        /// What was wrong and what was expected.
        problem: String,
    },

    /// A file of a package is not what the package's manifest says.
    #[error("model {model}: {file}: expected {expected}, found {found}; import or pull the model again")]
    BrokenPackage {
        /// The package's name.
        model: String,
        /// The file's name inside the package.
        file: String,
        /// What the manifest or the format asks for.
        expected: String,
        /// What is there.
        found: String,
    },

    /// `tokenizer.json` cannot be used.
    #[error("tokenizer.json: {problem}")]
    Tokenizer {
        /// What was wrong and what was expected.
        problem: String,
    },

    /// A text could not be turned into tokens.
    #[error("the text cannot be turned into tokens: {problem}")]
    Encode {
        /// What the tokenizer said.
        problem: String,
    },

    /// The chat template is wrong in itself, or does not fit the messages, or asks for more work than it may.
    #[error("chat template{}: {problem}", at_line(*line))]
    Template {
        /// The line in question, from 1, where it is known.
        line: Option<usize>,
        /// What was wrong.
        problem: String,
    },

    /// The chat template refuses these messages, by its own `raise_exception`.
    #[error("the model's chat template refuses these messages: {message}")]
    Refused {
        /// The template's own words.
        message: String,
    },

    /// Messages that no template may see.
    #[error("{}", violations.first().map_or_else(|| "wrong messages".to_owned(), ToString::to_string))]
    Messages {
        /// Each wrong field.
        violations: Vec<Violation>,
    },
}

impl ModelError {
    /// Attaches what was to be done to a file, for use in `map_err`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

/// What to do about the failures that a user can mend.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": the disk is full; free some space",
        io::ErrorKind::PermissionDenied => {
            ": not permitted; check the owner and mode of the file and of its folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => ": the file system is read-only",
        io::ErrorKind::NotFound => ": it does not exist",
        _ => "",
    }
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

fn offer(available: &[String]) -> String {
    if available.is_empty() {
        return "the store is empty: import one with `ondol model import`".to_owned();
    }
    format!("there are: {}", available.join(", "))
}

impl Fault for ModelError {
    fn kind(&self) -> Kind {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Kind::NotFound,
                io::ErrorKind::PermissionDenied => Kind::PermissionDenied,
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::ResourceExhausted,
                _ => Kind::Internal,
            },
            Self::Truncated { .. }
            | Self::Malformed { .. }
            | Self::Duplicate { .. }
            | Self::Overlap { .. }
            | Self::Missing { .. }
            | Self::NotFinite { .. }
            | Self::Manifest { .. }
            | Self::BrokenPackage { .. }
            | Self::Tokenizer { .. } => Kind::DataLoss,
            Self::Unsupported { .. } => Kind::Unimplemented,
            Self::InvalidName { .. } | Self::Refused { .. } | Self::Messages { .. } => Kind::InvalidArgument,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Encode { .. } | Self::Template { .. } => Kind::Internal,
            Self::AlreadyExists { .. } => Kind::AlreadyExists,
            Self::StoreBusy { .. } => Kind::Unavailable,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            // Paths are for our logs only.
            Self::Io { .. } => "a file of the model could not be read or written".into(),
            Self::StoreBusy { .. } => "another import or pull is running; try again when it has ended".into(),
            other => other.to_string().into(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Messages { violations } => violations,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use fault::{Fault, Kind};

    use super::ModelError;

    #[test]
    fn a_full_disk_says_so_and_keeps_the_path_private() {
        let error = ModelError::io("write", "/secret/place")(io::ErrorKind::StorageFull.into());
        assert_eq!(error.to_string(), "could not write /secret/place: the disk is full; free some space");
        assert_eq!(error.kind(), Kind::ResourceExhausted);
        assert!(!error.public_message().contains("secret"));
    }
}
