//! What can be wrong with descriptors, a request or an answer.

use std::{borrow::Cow, fmt};

use fault::{Fault, Kind, Violation};
use http::Method;

/// Why descriptors cannot be served, a request cannot be taken, or an answer cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranscodingError {
    /// These bytes are no `FileDescriptorSet`, or one that lacks a file.
    #[error("the descriptors cannot be read")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// A service that was asked for is not among the descriptors.
    #[error("there is no service {name}")]
    NoService {
        /// Its full name.
        name: String,
    },
    /// An rpc's `google.api.http` cannot be served.
    #[error("google.api.http of {rpc}: {problem}")]
    Rule {
        /// The rpc's full name.
        rpc: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// No rpc has this name.
    #[error("there is no rpc {name:?}; there are: {known}")]
    NoRpc {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The path is served, but not with this method.
    #[error("this path takes {}", listed(.allowed))]
    MethodNotAllowed {
        /// The methods that it is served with.
        allowed: Vec<Method>,
    },
    /// The path with its query is longer than allowed.
    #[error("path and query are longer than {limit} bytes: put what is long into the body")]
    UriTooLong {
        /// How long they may be, in bytes.
        limit: usize,
    },
    /// The body is larger than allowed.
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge {
        /// How large it may be, in bytes.
        limit: usize,
    },
    /// The body stopped before its end, or in a way that cannot be read as HTTP.
    #[error("the body broke off before its end, or what frames it cannot be read")]
    BodyBroken,
    /// The body came too slowly, and was given up.
    #[error("the body came too slowly: send it in one go")]
    BodyTooSlow,
    /// The body is something else than plain JSON.
    #[error("{problem}: send JSON with `content-type: application/json`")]
    ContentType {
        /// What it is.
        problem: &'static str,
    },
    /// The body is not JSON, or nested too deep, or gives a field twice.
    #[error("the body cannot be read as JSON: {problem}")]
    Json {
        /// What is wrong, and at which line and column.
        problem: String,
    },
    /// Fields that are not there, given twice or of the wrong type.
    #[error("{}", Named(.fields))]
    Fields {
        /// Each of them, as the caller wrote it.
        fields: Vec<Violation>,
    },
    /// What the service answered cannot be told: a fault of ours.
    #[error("the answer cannot be told as JSON: {problem}")]
    Answer {
        /// What is wrong with it.
        problem: String,
    },
}

impl TranscodingError {
    pub(crate) fn rule(rpc: &str, problem: impl Into<String>) -> Self {
        Self::Rule { rpc: rpc.to_owned(), problem: problem.into() }
    }

    pub(crate) fn answer(problem: impl fmt::Display) -> Self {
        Self::Answer { problem: problem.to_string() }
    }
}

impl Fault for TranscodingError {
    fn kind(&self) -> Kind {
        match self {
            Self::Descriptors(_) | Self::NoService { .. } | Self::Rule { .. } | Self::Answer { .. } => {
                Kind::Internal
            }
            Self::NoRpc { .. } => Kind::NotFound,
            Self::BodyTooSlow => Kind::Cancelled,
            Self::MethodNotAllowed { .. }
            | Self::BodyBroken
            | Self::UriTooLong { .. }
            | Self::BodyTooLarge { .. }
            | Self::ContentType { .. }
            | Self::Json { .. }
            | Self::Fields { .. } => Kind::InvalidArgument,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self.kind() {
            Kind::Internal => "the call cannot be answered as JSON".into(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
            Self::UriTooLong { .. } => "URI_TOO_LONG",
            Self::BodyTooLarge { .. } => "BODY_TOO_LARGE",
            Self::BodyBroken => "BODY_BROKEN_OFF",
            Self::BodyTooSlow => "BODY_TOO_SLOW",
            Self::ContentType { .. } => "UNSUPPORTED_CONTENT_TYPE",
            Self::Json { .. } => "MALFORMED_JSON",
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Fields { fields } => fields,
            _ => &[],
        }
    }
}

fn listed(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

/// All wrong fields in one line.
struct Named<'a>(&'a [Violation]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "; " };
            write!(f, "{gap}{violation}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::TranscodingError;

    #[test]
    fn a_fault_of_ours_is_not_told_in_full() {
        let error = TranscodingError::answer("field 3 of type x");
        assert!(!error.public_message().contains("field 3"));
    }
}
