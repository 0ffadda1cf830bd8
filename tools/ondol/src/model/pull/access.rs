//! How a bucket of packages is reached: as the services reach theirs.

use std::sync::Arc;

use clap::Args;
use objects::{Folder, Location, Objects, ObjectsError, S3, S3Settings};

/// Settings of S3, which all services call the same. They are written once more here: the services' are there or not as a
/// whole, which clap can tell of flags only that stand in one struct.
#[derive(Args, Default)]
#[command(next_help_heading = "Objects")]
pub(super) struct Access {
    /// The bucket's region. Default: `AWS_REGION`, the profile or the machine
    #[arg(long = "objects-region", env = "ONDOL_OBJECTS_REGION", value_name = "REGION")]
    region: Option<String>,
    /// Where S3 is, for others than Amazon's, such as `http://minio:9000`. Default: `AWS_ENDPOINT_URL_S3` or Amazon
    #[arg(long = "objects-endpoint", env = "ONDOL_OBJECTS_ENDPOINT", value_name = "URL")]
    endpoint: Option<String>,
    /// Whether the bucket is in the path instead of the host name. Default: only with an endpoint of its own
    #[arg(long = "objects-path-style", env = "ONDOL_OBJECTS_PATH_STYLE", value_name = "true|false")]
    path_style: Option<bool>,
    /// The profile of `~/.aws/config`. Default: `AWS_PROFILE`
    #[arg(long = "objects-profile", env = "ONDOL_OBJECTS_PROFILE", value_name = "NAME")]
    profile: Option<String>,
}

impl Access {
    /// Opens what the URL names. To a bucket nothing is sent yet.
    pub(super) async fn open(&self, url: &Location) -> Result<Arc<dyn Objects>, ObjectsError> {
        let (bucket, prefix) = match url {
            Location::Folder(path) => return Ok(Arc::new(Folder::open(path).await?)),
            Location::S3 { bucket, prefix } => (bucket, prefix),
        };
        let settings = S3Settings {
            prefix: prefix.clone(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            path_style: self.path_style,
            profile: self.profile.clone(),
            ..S3Settings::new(bucket)
        };
        Ok(Arc::new(S3::open(settings).await?))
    }
}
