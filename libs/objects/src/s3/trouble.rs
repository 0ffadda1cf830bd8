//! What goes wrong with S3, in our words.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use super::Bucket;
use crate::{Key, ObjectsError};

/// What is being done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    /// As a verb and its object, for messages.
    pub(super) what: &'static str,
    /// The action that a policy must allow.
    pub(super) permission: &'static str,
}

pub(super) const GET: Doing = Doing { what: "read an object", permission: "GetObject" };
pub(super) const PUT: Doing = Doing { what: "write an object", permission: "PutObject" };
pub(super) const LIST: Doing = Doing { what: "list objects", permission: "ListBucket" };
pub(super) const VERSIONS: Doing = Doing { what: "list versions", permission: "ListBucketVersions" };
pub(super) const DELETE: Doing = Doing { what: "delete an object", permission: "DeleteObject" };

/// What is known of a failed request.
pub(super) struct Answer {
    status: u16,
    pub(super) code: String,
    region: Option<String>,
}

impl Answer {
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let response = error.raw_response();
        let header = response.and_then(|it| it.headers().get("x-amz-bucket-region"));
        let body = response.and_then(|it| it.body().bytes()).unwrap_or_default();
        let region = header.map(str::to_owned).or_else(|| element(body, "Region"));
        let status = response.map_or(0, |it| it.status().as_u16());
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        // What stands before S3 answers without a code, and so does S3 to HEAD.
        let code = code.map_or_else(|| status.to_string(), str::to_owned);
        Self { status, code, region }
    }

    pub(super) fn is_not_modified(&self) -> bool {
        self.status == 304
    }

    pub(super) fn is_out_of_range(&self) -> bool {
        self.status == 416
    }

    pub(super) fn is_unmet_condition(&self) -> bool {
        self.status == 412
    }

    /// Two conditional writes at the same moment, or a delete between: nobody has lost yet.
    pub(super) fn is_conflict(&self) -> bool {
        self.status == 409
    }

    pub(super) fn is_missing(&self) -> bool {
        // A version that is a delete marker answers 405.
        matches!(
            self.code.as_str(),
            "NoSuchKey" | "NoSuchVersion" | "NoSuchUpload" | "NotFound" | "404" | "405"
        ) || self.code == "MethodNotAllowed"
    }
}

impl Bucket {
    /// What a failed request means. `key` is the object that it was about.
    pub(super) fn explain<E>(
        &self,
        doing: Doing,
        key: Option<&Key>,
        error: SdkError<E, HttpResponse>,
    ) -> ObjectsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let answer = Answer::of(&error);
        if let Some(key) = key.cloned() {
            match () {
                () if answer.is_missing() => return ObjectsError::NotFound { key },
                () if answer.is_unmet_condition() || answer.is_conflict() => {
                    return ObjectsError::Conflict { key };
                }
                () if answer.code == "BadDigest" || answer.code == "XAmzContentChecksumMismatch" => {
                    let problem = "it was changed on its way to the store".to_owned();
                    return ObjectsError::Damaged { key, problem };
                }
                () => {}
            }
        }
        self.explain_answer(doing, answer, Box::new(error))
    }

    /// What an error of the bucket itself means.
    fn explain_answer(
        &self,
        doing: Doing,
        answer: Answer,
        source: Box<dyn Error + Send + Sync>,
    ) -> ObjectsError {
        let (bucket, attempts) = (self.name().to_owned(), self.settings.attempts);
        let (operation, permission) = (doing.what, doing.permission);
        match (answer.code.as_str(), answer.status) {
            ("NoSuchBucket", _) => ObjectsError::NoBucket { bucket },
            (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "InvalidSecurity",
                _,
            ) => ObjectsError::Credentials { bucket, problem: answer.code, source },
            ("RequestTimeTooSkewed" | "RequestExpired", _) => ObjectsError::ClockSkew { source },
            ("PermanentRedirect" | "TemporaryRedirect" | "IllegalLocationConstraintException", _)
            | (_, 301 | 307) => self.wrong_region(answer.region),
            // HEAD has no code: 400 with a region that is not ours is AuthorizationHeaderMalformed.
            (_, 400) if answer.region.as_ref().is_some_and(|region| *region != self.region) => {
                self.wrong_region(answer.region)
            }
            ("AccessDenied", _) | (_, 403) => {
                ObjectsError::AccessDenied { bucket, operation, permission, source }
            }
            ("SlowDown" | "Throttling" | "ThrottlingException" | "TooManyRequestsException", _)
            | (_, 429) => ObjectsError::SlowDown { attempts, source },
            ("NotImplemented" | "MethodNotAllowed", _) | (_, 501) => {
                ObjectsError::Unsupported { store: "this kind of S3", what: operation }
            }
            (_, 500..) | ("RequestTimeout", _) => ObjectsError::Unavailable { operation, attempts, source },
            // No answer at all: no credentials, or no connection.
            (_, 0) if is_about_credentials(source.as_ref()) => {
                ObjectsError::Credentials { bucket, problem: "none were found".to_owned(), source }
            }
            (_, 0 | 200..=299) => ObjectsError::Unavailable { operation, attempts, source },
            _ => ObjectsError::Unexpected { operation, code: answer.code, source },
        }
    }

    fn wrong_region(&self, actual: Option<String>) -> ObjectsError {
        ObjectsError::WrongRegion { bucket: self.name().to_owned(), configured: self.region.clone(), actual }
    }
}

fn is_about_credentials(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The text of an element of S3's flat error documents.
fn element(document: &[u8], name: &str) -> Option<String> {
    let document = std::str::from_utf8(document).ok()?;
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::element;

    #[test]
    fn the_region_is_found_in_an_error() {
        let document = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>";
        assert_eq!(element(document, "Region").as_deref(), Some("eu-west-1"));
        assert_eq!(element(document, "Endpoint"), None);
        assert_eq!(element(b"\xff", "Region"), None);
    }
}
