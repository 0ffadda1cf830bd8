//! The client, from settings and from what the machine knows.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig,
    },
};

use super::S3Settings;
use crate::ObjectsError;

/// No pause before another attempt is longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// A client, and the region that it signs for.
pub(super) async fn connect(settings: &S3Settings) -> Result<(Client, String), ObjectsError> {
    settings.check()?;
    let shared = loader(settings).load().await;
    let endpoint = settings.endpoint.as_deref().or(shared.endpoint_url());
    let region = match (shared.region(), endpoint) {
        (Some(region), _) => region.to_string(),
        // Nobody but Amazon has more than one.
        (None, Some(_)) => "us-east-1".to_owned(),
        (None, None) => {
            let problem =
                "is not set; give the bucket's region here, in AWS_REGION or in the profile".to_owned();
            return Err(ObjectsError::InvalidSetting { flag: "--objects-region", problem });
        }
    };
    let config = Builder::from(&shared)
        .region(Region::new(region.clone()))
        .force_path_style(settings.path_style.unwrap_or(endpoint.is_some()))
        // We send checksums with every write and compare them in `intact`, across resumed downloads too. The client
        // would choose an algorithm that S3 cannot keep for a whole object in parts.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Ok((Client::from_conf(config), region))
}

fn loader(settings: &S3Settings) -> ConfigLoader {
    let retries = RetryConfig::standard()
        .with_max_attempts(settings.attempts)
        .with_initial_backoff(settings.backoff)
        .with_max_backoff(LONGEST_BACKOFF);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.timeout)
        .operation_attempt_timeout(settings.timeout);
    let stalls = StalledStreamProtectionConfig::enabled().grace_period(settings.stall);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(retries)
        .timeout_config(timeouts.build())
        .stalled_stream_protection(stalls.build());
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some((key, secret)) = &settings.credentials {
        loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "settings"));
    }
    loader
}
