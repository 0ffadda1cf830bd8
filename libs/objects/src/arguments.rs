//! Where the blob store is: settings, and the command line arguments that make them.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use arguments::positive_duration;

use crate::{Folder, Objects, ObjectsError, S3, S3Settings};

const MIB: usize = 1024 * 1024;

/// What `--objects-url` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// `s3://BUCKET/PREFIX`
    S3 {
        /// The bucket.
        bucket: String,
        /// Empty, or ending in a slash.
        prefix: String,
    },
    /// `file:///FOLDER`
    Folder(PathBuf),
}

impl FromStr for Location {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('?') {
            return Err(
                "settings do not go into the URL: see --objects-endpoint, --objects-region and so on",
            );
        }
        if let Some(path) = text.strip_prefix("file://") {
            let is_absolute = path.starts_with('/');
            return is_absolute
                .then(|| Self::Folder(path.into()))
                .ok_or("expected file:///FOLDER, an absolute path");
        }
        let rest =
            text.strip_prefix("s3://").ok_or("expected s3://BUCKET, s3://BUCKET/PREFIX or file:///FOLDER")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if bucket.is_empty() {
            return Err("the bucket's name is missing: s3://BUCKET or s3://BUCKET/PREFIX");
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
    }
}

/// As it was given, without a slash at its end.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } => {
                f.write_str(format!("s3://{bucket}/{prefix}").trim_end_matches('/'))
            }
            Self::Folder(path) => write!(f, "file://{}", path.display()),
        }
    }
}

/// The command line arguments of the blob store.
///
/// One URL says what and where, and is what a deployment sets; each further setting is a flag of its own, so that an
/// environment can change one without writing the URL anew. Secrets are no flags: S3's credentials come from the chain
/// that all of Amazon's tools use.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Objects")]
pub struct ObjectsArguments {
    /// Where objects are: `s3://BUCKET`, `s3://BUCKET/PREFIX`, or `file:///FOLDER` for one machine alone. Credentials come
    /// from the environment, the profile, or the pod's or machine's role. The bucket should have a lifecycle rule that
    /// aborts incomplete multipart uploads after a day, for processes that were killed.
    #[arg(long, env = "ONDOL_OBJECTS_URL", value_name = "URL")]
    pub objects_url: Location,

    /// The bucket's region. Default: `AWS_REGION`, the profile or the machine.
    #[arg(long, env = "ONDOL_OBJECTS_REGION", value_name = "REGION")]
    pub objects_region: Option<String>,

    /// Where S3 is, for others than Amazon's, such as `http://minio:9000`. Default: `AWS_ENDPOINT_URL_S3` or Amazon.
    #[arg(long, env = "ONDOL_OBJECTS_ENDPOINT", value_name = "URL")]
    pub objects_endpoint: Option<String>,

    /// Whether the bucket is in the path instead of the host name. Default: only with an endpoint of its own.
    #[arg(long, env = "ONDOL_OBJECTS_PATH_STYLE", value_name = "true|false")]
    pub objects_path_style: Option<bool>,

    /// The profile of `~/.aws/config`. Default: `AWS_PROFILE`.
    #[arg(long, env = "ONDOL_OBJECTS_PROFILE", value_name = "NAME")]
    pub objects_profile: Option<String>,

    /// How often a request is tried in all while S3 fails, slows down or cuts connections.
    #[arg(long, env = "ONDOL_OBJECTS_ATTEMPTS", default_value_t = 4, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=20))]
    pub objects_attempts: u32,

    /// How long one attempt may take until its answer begins, sending a part included.
    #[arg(long, env = "ONDOL_OBJECTS_TIMEOUT", default_value = "30s", value_name = "TIME", value_parser = positive_duration)]
    pub objects_timeout: Duration,

    /// How long a download or upload may stand still before its connection counts as cut.
    #[arg(long, env = "ONDOL_OBJECTS_STALL", default_value = "10s", value_name = "TIME", value_parser = positive_duration)]
    pub objects_stall: Duration,

    /// Size of the parts in which large objects are uploaded. An object has at most 10,000 parts.
    #[arg(long, env = "ONDOL_OBJECTS_PART_MIB", default_value_t = 8, value_name = "MIB",
          value_parser = clap::value_parser!(u16).range(5..=5120))]
    pub objects_part_mib: u16,

    /// Parts of one upload that are sent at the same time. Each upload takes memory for these and one more.
    #[arg(long, env = "ONDOL_OBJECTS_PARTS_IN_FLIGHT", default_value_t = 2, value_name = "COUNT",
          value_parser = clap::value_parser!(u8).range(1..=64))]
    pub objects_parts_in_flight: u8,
}

impl ObjectsArguments {
    /// Opens the store that the URL names. A folder is made if it is not there; of S3 only the settings are checked,
    /// so that a process can start, and say that it is not ready, while S3 is away.
    pub async fn open(&self) -> Result<Arc<dyn Objects>, ObjectsError> {
        match &self.objects_url {
            Location::Folder(path) => Ok(Arc::new(Folder::open(path).await?)),
            Location::S3 { bucket, prefix } => Ok(Arc::new(S3::open(self.settings(bucket, prefix)).await?)),
        }
    }

    fn settings(&self, bucket: &str, prefix: &str) -> S3Settings {
        S3Settings {
            prefix: prefix.to_owned(),
            region: self.objects_region.clone(),
            endpoint: self.objects_endpoint.clone(),
            path_style: self.objects_path_style,
            profile: self.objects_profile.clone(),
            attempts: self.objects_attempts,
            timeout: self.objects_timeout,
            stall: self.objects_stall,
            part_size: usize::from(self.objects_part_mib) * MIB,
            parts_in_flight: usize::from(self.objects_parts_in_flight),
            ..S3Settings::new(bucket)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::{Location, MIB, ObjectsArguments};
    use crate::S3Settings;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        objects: ObjectsArguments,
    }

    fn parse(flags: &[&str]) -> Result<ObjectsArguments, String> {
        let program = Program::try_parse_from(["program"].iter().chain(flags));
        program.map(|program| program.objects).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_names_a_bucket_or_a_folder() {
        let s3 = |bucket: &str, prefix: &str| Location::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        assert_eq!("s3://b".parse(), Ok(s3("b", "")));
        assert_eq!("s3://b/".parse(), Ok(s3("b", "")));
        assert_eq!("s3://b/team/x/".parse(), Ok(s3("b", "team/x/")));
        assert_eq!("file:///var/lib".parse(), Ok(Location::Folder("/var/lib".into())));
        for text in ["s3://b", "s3://b/team/x", "file:///var/lib"] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), text);
        }
        for text in ["b", "s3://", "s3:///x", "file://x", "http://b", "s3://b?region=x"] {
            assert!(text.parse::<Location>().is_err(), "{text}");
        }
    }

    #[test]
    fn without_flags_the_settings_are_the_defaults() {
        let arguments = parse(&["--objects-url", "s3://bucket"]).unwrap();
        assert_eq!(arguments.settings("bucket", ""), S3Settings::new("bucket"));
    }

    #[test]
    fn flags_reach_the_settings_within_their_limits() {
        let url = ["--objects-url", "s3://bucket"];
        let with = |flags: &[&'static str]| parse(&[&url, flags].concat());
        let arguments =
            with(&["--objects-part-mib", "16", "--objects-stall", "250ms", "--objects-path-style", "false"]);
        let settings = arguments.unwrap().settings("bucket", "");
        assert_eq!(settings.part_size, 16 * MIB);
        assert_eq!(settings.stall, Duration::from_millis(250));
        assert_eq!(settings.path_style, Some(false));
        for flags in [
            ["--objects-part-mib", "4"],
            ["--objects-attempts", "0"],
            ["--objects-timeout", "0s"],
            ["--objects-timeout", "5"],
        ] {
            assert!(with(&flags).unwrap_err().contains(flags[0]), "{flags:?}");
        }
        assert!(parse(&[]).unwrap_err().contains("--objects-url"));
    }
}
