//! AWS Secrets Manager.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata},
};

use crate::{Keeper, Secret, SecretsError, keeper::LARGEST};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(5);

/// Which Secrets Manager. What is not said is taken from the environment, the profile or the pod, as all of AWS's tools do.
#[derive(Clone, Debug, Default)]
pub struct ManagerOptions {
    /// The region.
    pub region: Option<String>,
    /// Where it is, for others than Amazon's.
    pub endpoint: Option<String>,
    /// The profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// What the names of all secrets begin with there.
    pub prefix: String,
    /// A key of its own, for tests.
    pub credentials: Option<(String, String)>,
}

/// AWS Secrets Manager: the current version of each secret.
#[derive(Clone, Debug)]
pub struct Manager {
    client: Client,
    prefix: String,
}

impl Manager {
    /// The manager that these options name. Nothing is asked yet.
    pub async fn open(options: ManagerOptions) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(TIMEOUT);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(timeouts.build());
        if let Some(region) = options.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(endpoint) = options.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(profile) = options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some((key, secret)) = options.credentials {
            loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "options"));
        }
        Self { client: Client::new(&loader.load().await), prefix: options.prefix }
    }
}

#[async_trait]
impl Keeper for Manager {
    fn name(&self) -> &'static str {
        "aws"
    }

    async fn fetch(&self, name: &str) -> Result<Secret, SecretsError> {
        let asked = self.client.get_secret_value().secret_id(format!("{}{name}", self.prefix)).send().await;
        let answer = asked.map_err(|error| match error.code() {
            Some("ResourceNotFoundException") => SecretsError::missing(name),
            // The client's own words hold neither the request's headers nor the answer's body.
            _ => SecretsError::away("AWS Secrets Manager", DisplayErrorContext(error).to_string()),
        })?;
        let unusable = |problem| SecretsError::Unusable { name: name.to_owned(), problem };
        let text = match (answer.secret_string, answer.secret_binary) {
            (Some(text), _) => text,
            (None, Some(bytes)) => {
                String::from_utf8(bytes.into_inner()).map_err(|_| unusable("is not text"))?
            }
            (None, None) => return Err(unusable("has no value")),
        };
        if text.len() > LARGEST { Err(unusable("is larger than 64 KiB")) } else { Ok(Secret::new(text)) }
    }
}
