//! The client, from configuration and from what the machine knows.

use std::time::Duration;

use amazon::{Access, Patience};
use aws_sdk_athena::{
    Client,
    config::{
        Builder, ConfigBag, Intercept, RuntimeComponents,
        interceptors::BeforeDeserializationInterceptorContextMut,
    },
    error::BoxError,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

use crate::{McpError, config::AthenaConfig};

/// None of Athena's requests waits for a query. The policy around the tools tries again, and knows when to stop.
const PATIENCE: Patience = Patience {
    attempts: 1,
    backoff: Duration::ZERO,
    connect_timeout: Duration::from_secs(3),
    timeout: Duration::from_secs(10),
};
/// The largest answer of Athena that is read: a thousand rows can be any size.
const LARGEST_ANSWER: usize = 16 << 20;

/// A client of this region, endpoint and profile; without a word about them, of what the environment, the profile or the
/// machine says.
pub(super) async fn connect(config: &AthenaConfig) -> Result<Client, McpError> {
    let access = Access {
        region: config.region.clone(),
        endpoint: config.endpoint.clone(),
        profile: config.profile.clone(),
        credentials: config.credentials.clone(),
    };
    let shared = access.load(&PATIENCE).await;
    let Some(region) = amazon::region(&shared) else {
        let advice = "[athena] region is not set; give it here, in AWS_REGION or in the profile";
        return Err(McpError::Config(advice.to_owned()));
    };
    Ok(Client::from_conf(Builder::from(&shared).region(region).interceptor(Bounded).build()))
}

/// Holds answers to a size. The client would read any, all of it, before it looks.
#[derive(Debug)]
struct Bounded;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, LARGEST_ANSWER));
        Ok(())
    }
}
