//! Where resources lie, as callers write it.

use fault::Violation;

/// What a URI points to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An object of a bucket, `s3://{bucket}/{key}`.
    Object {
        /// The bucket, by the name that callers use.
        bucket: String,
        /// The key.
        key: String,
    },
    /// An answer that was too large, `ondol://{key}`.
    Answer {
        /// The key.
        key: String,
    },
}

impl Place {
    /// Reads a URI. Nothing in it is decoded: a key is what stands there, and a key with an encoded way out is only a key.
    pub(crate) fn of(uri: &str) -> Result<Self, Violation> {
        if let Some((bucket, key)) = uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
            return Ok(Self::Object { bucket: bucket.to_owned(), key: key.to_owned() });
        }
        match uri.strip_prefix("ondol://") {
            Some(key) => Ok(Self::Answer { key: key.to_owned() }),
            None => Err(Violation::new(
                "uri",
                "expected s3://{bucket}/{key}, or a link that a tool has answered with",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_uri_is_a_bucket_and_a_key() {
        let object = |bucket: &str, key: &str| Place::Object { bucket: bucket.into(), key: key.into() };
        assert_eq!(Place::of("s3://reports/a/b c.csv").unwrap(), object("reports", "a/b c.csv"));
        assert_eq!(Place::of("s3://reports/%2e%2e/a").unwrap(), object("reports", "%2e%2e/a"));
        assert_eq!(Place::of("ondol://tools/x").unwrap(), Place::Answer { key: "tools/x".into() });
        for wrong in ["", "s3://", "s3://reports", "file:///etc/passwd", "http://a/b", "S3://a/b"] {
            assert!(Place::of(wrong).is_err(), "{wrong}");
        }
    }
}
