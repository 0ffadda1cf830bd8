//! How Amazon's services, and whatever speaks like them, are reached: one way for all of them.
//!
//! [`Access`] says where a service is and by which credentials; what it does not say is asked of the environment, the profile
//! and the machine, in the order of Amazon's own tools. [`Patience`] says how long and how often. Together they are an
//! [`SdkConfig`], out of which each client is built where it is used.
//!
//! This crate must never know a service.

use std::{fmt, time::Duration};

use aws_config::{BehaviorVersion, ConfigLoader, retry::RetryConfig, timeout::TimeoutConfig};
pub use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;

/// No pause before another attempt is longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// The region of others than Amazon, who have only one.
const ELSEWHERE: &str = "us-east-1";

/// Where a service is, and by which credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The region; without one, what `AWS_REGION`, the profile or the machine says.
    pub region: Option<String>,
    /// Where the service is, for others than Amazon's; without one, what `AWS_ENDPOINT_URL` or the profile says.
    pub endpoint: Option<String>,
    /// Which profile of `~/.aws/config`; without one, `AWS_PROFILE`.
    pub profile: Option<String>,
    /// The access key and its secret, for a program that has its own; without them the usual chain is asked: environment,
    /// profile, web identity, pod identity, the machine's role.
    pub credentials: Option<(String, String)>,
}

/// How long and how often a request is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts in all.
    pub attempts: u32,
    /// The longest pause before the second attempt; it doubles from there.
    pub backoff: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long one attempt may take until its answer begins, sending included.
    pub timeout: Duration,
}

impl Access {
    /// Asks the environment, the profile and the machine for what is not said here. Credentials are asked for later, with the
    /// first request, and again whenever they expire.
    pub async fn load(&self, patience: &Patience) -> SdkConfig {
        let mut loader = loader(patience);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some((key, secret)) = &self.credentials {
            loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "settings"));
        }
        // Boxed, since it is large: it holds every way to credentials.
        Box::pin(loader.load()).await
    }
}

/// The region to sign for. There is none where neither a region nor an endpoint is known: then somebody has to say which.
pub fn region(shared: &SdkConfig) -> Option<Region> {
    let elsewhere = || shared.endpoint_url().map(|_| Region::from_static(ELSEWHERE));
    shared.region().cloned().or_else(elsewhere)
}

fn loader(patience: &Patience) -> ConfigLoader {
    let retries = RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(patience.backoff)
        .with_max_backoff(LONGEST_BACKOFF);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(patience.connect_timeout)
        .read_timeout(patience.timeout)
        .operation_attempt_timeout(patience.timeout);
    aws_config::defaults(BehaviorVersion::latest()).retry_config(retries).timeout_config(timeouts.build())
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("profile", &self.profile)
            .field("own_credentials", &self.credentials.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Access, Patience, region};

    const PATIENCE: Patience = Patience {
        attempts: 2,
        backoff: Duration::from_millis(100),
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(2),
    };

    #[tokio::test]
    async fn what_is_said_counts() {
        let access = Access {
            region: Some("eu-west-1".to_owned()),
            endpoint: Some("http://127.0.0.1:9".to_owned()),
            credentials: Some(("AKIAEXAMPLE".to_owned(), "wJalr".to_owned())),
            ..Access::default()
        };
        let shared = access.load(&PATIENCE).await;
        assert_eq!(region(&shared).unwrap().as_ref(), "eu-west-1");
        assert_eq!(shared.endpoint_url(), Some("http://127.0.0.1:9"));
        assert_eq!(shared.retry_config().unwrap().max_attempts(), 2);
        assert_eq!(
            shared.timeout_config().unwrap().operation_attempt_timeout(),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let access =
            Access { credentials: Some(("AKIAEXAMPLE".to_owned(), "wJalr".to_owned())), ..Access::default() };
        let text = format!("{access:?}");
        assert!(!text.contains("wJalr") && !text.contains("AKIA"), "{text}");
    }
}
