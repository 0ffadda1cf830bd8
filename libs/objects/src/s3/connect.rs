//! The client, from settings and from what the machine knows.

use amazon::{Access, Patience};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
    },
};

use super::S3Settings;
use crate::ObjectsError;

/// A client, and the region that it signs for.
pub(super) async fn connect(settings: &S3Settings) -> Result<(Client, String), ObjectsError> {
    settings.check()?;
    let shared = access(settings).load(&patience(settings)).await;
    let has_endpoint = shared.endpoint_url().is_some();
    let Some(region) = amazon::region(&shared) else {
        let problem = "is not set; give the bucket's region here, in AWS_REGION or in the profile".to_owned();
        return Err(ObjectsError::InvalidSetting { flag: "--objects-region", problem });
    };
    let stalls = StalledStreamProtectionConfig::enabled().grace_period(settings.stall);
    let config = Builder::from(&shared)
        .region(region.clone())
        .stalled_stream_protection(stalls.build())
        .force_path_style(settings.path_style.unwrap_or(has_endpoint))
        // We send checksums with every write and compare them in `intact`, across resumed downloads too. The client
        // would choose an algorithm that S3 cannot keep for a whole object in parts.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Ok((Client::from_conf(config), region.to_string()))
}

fn access(settings: &S3Settings) -> Access {
    Access {
        region: settings.region.clone(),
        endpoint: settings.endpoint.clone(),
        profile: settings.profile.clone(),
        credentials: settings.credentials.clone(),
    }
}

fn patience(settings: &S3Settings) -> Patience {
    Patience {
        attempts: settings.attempts,
        backoff: settings.backoff,
        connect_timeout: settings.connect_timeout,
        timeout: settings.timeout,
    }
}
