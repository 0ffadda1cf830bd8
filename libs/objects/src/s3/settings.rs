//! How a bucket is reached.

use std::{fmt, time::Duration};

use crate::{ObjectsError, key::problem_of_prefix};

/// S3 takes no smaller part, but the last.
const SMALLEST_PART: usize = 5 * 1024 * 1024;
/// S3's limit for one request.
const LARGEST_PART: usize = 5 * 1024 * 1024 * 1024;

/// How a bucket is reached, and the limits within which it is.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// The bucket.
    pub bucket: String,
    /// What all keys of this store begin with in the bucket; empty, or ending in a slash.
    pub prefix: String,
    /// The bucket's region; without one, what `AWS_REGION`, the profile or the machine says.
    pub region: Option<String>,
    /// Where S3 is, for others than Amazon's; without one, what `AWS_ENDPOINT_URL_S3` or the profile says.
    pub endpoint: Option<String>,
    /// Whether the bucket is in the path instead of the host name. Without a word: only where there is an endpoint.
    pub path_style: Option<bool>,
    /// Which profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// The access key and its secret, for a program that has its own; without them the usual chain is asked:
    /// environment, profile, web identity, pod identity, the machine's role.
    pub credentials: Option<(String, String)>,
    /// How often a request is tried in all, and how often a download is resumed without getting further.
    pub attempts: u32,
    /// The longest pause before the second attempt; it doubles from there.
    pub backoff: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long one attempt may take until its answer begins, sending included.
    pub timeout: Duration,
    /// How long a body may stand still before its connection counts as cut.
    pub stall: Duration,
    /// Bytes of the parts of an upload, at least 5 MiB. A writer holds at most `part_size * (parts_in_flight + 1)`.
    pub part_size: usize,
    /// Parts that are sent at the same time, and that a writer does not wait for.
    pub parts_in_flight: usize,
    /// The most parts of an upload; S3 takes 10,000. Larger objects are [`ObjectsError::TooLarge`].
    pub most_parts: usize,
}

impl S3Settings {
    /// The defaults: four attempts of 30 seconds each, parts of 8 MiB of which two are under way (24 MiB of memory for
    /// each writer, objects up to 78 GiB).
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            region: None,
            endpoint: None,
            path_style: None,
            profile: None,
            credentials: None,
            attempts: 4,
            backoff: Duration::from_millis(500),
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(30),
            stall: Duration::from_secs(10),
            part_size: 8 * 1024 * 1024,
            parts_in_flight: 2,
            most_parts: 10_000,
        }
    }

    /// The largest object that can be written.
    pub(super) fn largest(&self) -> u64 {
        self.part_size as u64 * self.most_parts as u64
    }

    pub(super) fn check(&self) -> Result<(), ObjectsError> {
        let wrong =
            |flag, problem: &str| Err(ObjectsError::InvalidSetting { flag, problem: problem.to_owned() });
        let prefix = &self.prefix;
        if self.bucket.is_empty() || self.bucket.contains('/') {
            return wrong("--objects-url", "has no bucket; write s3://BUCKET or s3://BUCKET/PREFIX");
        }
        if problem_of_prefix(prefix).is_some()
            || !(prefix.is_empty() || prefix.ends_with('/'))
            || prefix.len() > 512
        {
            return wrong("--objects-url", "the prefix must be a key of at most 512 bytes");
        }
        if !(SMALLEST_PART..=LARGEST_PART).contains(&self.part_size) {
            return wrong("--objects-part-mib", "must be 5 to 5120");
        }
        if self.attempts == 0 {
            return wrong("--objects-attempts", "must be at least 1");
        }
        if self.parts_in_flight == 0 || self.most_parts == 0 || self.most_parts > 10_000 {
            return wrong("--objects-parts-in-flight", "must be at least 1");
        }
        Ok(())
    }
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("profile", &self.profile)
            .field("own_credentials", &self.credentials.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::S3Settings;

    #[test]
    fn secrets_are_not_printed() {
        let mut settings = S3Settings::new("bucket");
        settings.credentials = Some(("AKIAEXAMPLE".to_owned(), "wJalr".to_owned()));
        let text = format!("{settings:?}");
        assert!(!text.contains("wJalr") && !text.contains("AKIA"), "{text}");
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        S3Settings::new("bucket").check().unwrap();
        let flag = |change: fn(&mut S3Settings)| {
            let mut settings = S3Settings::new("bucket");
            change(&mut settings);
            settings.check().unwrap_err().to_string().split(':').next().unwrap().to_owned()
        };
        assert_eq!(flag(|it| it.bucket.clear()), "--objects-url");
        assert_eq!(flag(|it| it.prefix = "a".to_owned()), "--objects-url");
        assert_eq!(flag(|it| it.prefix = "../".to_owned()), "--objects-url");
        assert_eq!(flag(|it| it.part_size = 1024), "--objects-part-mib");
        assert_eq!(flag(|it| it.attempts = 0), "--objects-attempts");
        assert_eq!(flag(|it| it.parts_in_flight = 0), "--objects-parts-in-flight");
    }
}
