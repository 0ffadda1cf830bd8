//! Tools over S3, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::PolicyConfig;

/// The tools `s3_list`, `s3_stat`, `s3_get`, `s3_presign`, and `s3_put` where a bucket takes objects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct S3Config {
    /// The buckets, by the names that callers use.
    pub(crate) buckets: BTreeMap<String, BucketConfig>,
    /// What holds for these tools.
    #[serde(default)]
    pub(crate) policy: PolicyConfig,
}

/// A bucket and what may be done in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BucketConfig {
    /// `s3://BUCKET`, `s3://BUCKET/PREFIX`, or `file:///FOLDER`.
    pub(crate) url: String,
    /// What is in it, for models and people.
    #[serde(default)]
    pub(crate) description: String,
    /// The bucket's region.
    pub(crate) region: Option<String>,
    /// Where S3 is, for others than Amazon's.
    pub(crate) endpoint: Option<String>,
    /// Whether the bucket is in the path.
    pub(crate) path_style: Option<bool>,
    /// The profile of `~/.aws/config`.
    pub(crate) profile: Option<String>,
    /// The folders that may be read, each ending in a slash; `""` is all of it.
    #[serde(default)]
    pub(crate) read: Vec<String>,
    /// The folder that may be written to.
    pub(crate) write: Option<String>,
}
