//! AWS Secrets Manager.

use std::time::Duration;

use amazon::{Access, Patience};
use async_trait::async_trait;
use aws_sdk_secretsmanager::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata},
};

use crate::{Keeper, Secret, SecretsError, keeper::LARGEST};

/// Somebody waits for the answer.
const PATIENCE: Patience = Patience {
    attempts: 2,
    backoff: Duration::from_millis(100),
    connect_timeout: Duration::from_secs(3),
    timeout: Duration::from_secs(5),
};

/// AWS Secrets Manager: the current version of each secret.
#[derive(Clone, Debug)]
pub struct Manager {
    client: Client,
    prefix: String,
}

impl Manager {
    /// The manager that is reached so. `prefix` is what the names of all secrets begin with there. Nothing is asked yet.
    pub async fn open(access: &Access, prefix: &str) -> Self {
        let shared = access.load(&PATIENCE).await;
        Self { client: Client::new(&shared), prefix: prefix.to_owned() }
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
