//! What goes wrong with Athena: for callers to mend, for operators, or for nobody.

use std::{error::Error, sync::Arc};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_athena::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use fault::Chain;
use http_body_util::LengthLimitError;
use tools::{Output, ToolsError};

use super::UPSTREAM;
use crate::McpError;

/// The longest words of Athena's that a caller is told.
const LONGEST: usize = 2000;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Something that the caller can mend, in words.
    Told(String),
    /// Everything else.
    Failed(ToolsError),
}

impl From<ToolsError> for Trouble {
    fn from(error: ToolsError) -> Self {
        Self::Failed(error)
    }
}

/// What a tool makes of it.
pub(super) fn answered(answer: Result<Output, Trouble>) -> Result<Output, ToolsError> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(Trouble::Told(reason)) => Ok(Output::refusal(reason)),
        Err(Trouble::Failed(error)) => Err(error),
    }
}

/// Whether asking again, soon, may go better.
pub(super) fn is_passing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    is_throttled(code(error)) || is_upstreams(error)
}

/// What a failed request means. `doing` is what it was for.
pub(super) fn explain<E>(doing: &'static str, error: SdkError<E, HttpResponse>) -> Trouble
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let (code, message) = (code(&error).to_owned(), message(&error));
    if is_too_large(&error) {
        return Trouble::Told(
            "Athena's answer is too large to be read: ask for fewer rows or fewer columns".to_owned(),
        );
    }
    if is_throttled(&code) {
        return upstream("it asks to slow down", Some(Box::new(error)));
    }
    if is_upstreams(&error) {
        return upstream("it could not be reached, or failed by itself", Some(Box::new(error)));
    }
    match code.as_str() {
        "MetadataException" | "InvalidRequestException" if is_operators(&message) => {
            forbidden(doing, &message, Some(Box::new(error)))
        }
        // A metastore that cannot be reached says so in this way too.
        "MetadataException" if !is_about_something_missing(&message) => {
            upstream("its catalog failed", Some(Box::new(error)))
        }
        "InvalidRequestException"
        | "ValidationException"
        | "MetadataException"
        | "ResourceNotFoundException" => {
            Trouble::Told(format!("Athena refuses to {doing}: {}", shown(&message)))
        }
        "" => forbidden(
            doing,
            "no request could be made: look at credentials and region",
            Some(Box::new(error)),
        ),
        _ => forbidden(doing, &format!("{code} {message}"), Some(Box::new(error))),
    }
}

/// It counts against Athena, and is tried again.
pub(super) fn upstream(problem: &str, source: Option<Box<dyn Error + Send + Sync>>) -> Trouble {
    Trouble::Failed(ToolsError::Upstream {
        upstream: UPSTREAM.to_owned(),
        message: problem.to_owned(),
        retry_after: None,
        source: source.map(Arc::from),
    })
}

/// Only operators can mend it. They are told at once, and in full.
pub(super) fn forbidden(doing: &str, problem: &str, source: Option<Box<dyn Error + Send + Sync>>) -> Trouble {
    let error = McpError::Athena { problem: format!("cannot {doing}: {problem}"), source };
    tracing::error!("tools over Athena need an operator: {}", Chain(&error));
    Trouble::Failed(ToolsError::inner(error))
}

/// Words of Athena's for a caller: at most so many of them.
pub(super) fn shown(message: &str) -> String {
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// Whether words of Athena's are about what this service lacks, a permission or a place for results: they name roles, accounts
/// and buckets, and no caller can mend it.
pub(super) fn is_operators(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "access denied",
        "accessdenied",
        "not authorized",
        "insufficient permission",
        "insufficient lake formation",
        "output bucket",
        "output location",
    ]
    .iter()
    .any(|words| message.contains(words))
}

fn is_about_something_missing(message: &str) -> bool {
    let message = message.to_lowercase();
    ["entitynotfound", "not found", "does not exist"].iter().any(|words| message.contains(words))
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

fn message<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default().to_owned()
}

fn is_throttled(code: &str) -> bool {
    matches!(
        code,
        "TooManyRequestsException"
            | "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "SlowDown"
    )
}

/// No answer, half an answer, or one that says that it is Athena's fault.
fn is_upstreams<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => {
            !failure.as_connector_error().is_some_and(|error| has::<CredentialsError>(error))
        }
        SdkError::ServiceError(_) => status >= 500 || status == 429,
        _ => false,
    }
}

fn is_too_large<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: Error + Send + Sync + 'static,
{
    has::<LengthLimitError>(error)
}

/// Whether an error or one of its causes is of a kind.
fn has<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<T>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_operators, shown};

    #[test]
    fn words_are_cut_at_a_character() {
        assert_eq!(shown("short"), "short");
        let cut = shown(&"한".repeat(3000));
        assert_eq!(cut.chars().count(), 2001);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn what_operators_lack_is_recognised() {
        for message in [
            "Insufficient permissions to execute the query. User: arn:aws:iam::1:role/x is not authorized",
            "Access Denied (Service: Amazon S3)",
            "Insufficient Lake Formation permission(s) on t",
            "Unable to verify/create output bucket acme-results",
        ] {
            assert!(is_operators(message), "{message}");
        }
        assert!(!is_operators("COLUMN_NOT_FOUND: line 1:8: Column 'denied' cannot be resolved"));
    }
}
