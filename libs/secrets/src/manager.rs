//! AWS Secrets Manager.

use std::time::Duration;

use amazon::{Access, Patience};
use async_trait::async_trait;
use aws_sdk_secretsmanager::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueError,
};
use fault::Chain;

use crate::{Keeper, Secret, SecretsError, keeper::LARGEST};

const PLACE: &str = "AWS Secrets Manager";
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
    pub async fn open(access: &Access, prefix: &str) -> Result<Self, SecretsError> {
        let shared = access.load(&PATIENCE).await;
        if amazon::region(&shared).is_none() {
            return Err(SecretsError::Region);
        }
        Ok(Self { client: Client::new(&shared), prefix: prefix.to_owned() })
    }
}

#[async_trait]
impl Keeper for Manager {
    fn name(&self) -> &'static str {
        "aws"
    }

    async fn fetch(&self, name: &str) -> Result<Secret, SecretsError> {
        let asked = self.client.get_secret_value().secret_id(format!("{}{name}", self.prefix)).send().await;
        let answer = asked.map_err(|error| trouble(name, &error))?;
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

/// What went wrong. The client's error holds the raw answer, and so perhaps the secret: it is never printed as a whole.
fn trouble(name: &str, error: &SdkError<GetSecretValueError>) -> SecretsError {
    let unusable = |problem| SecretsError::Unusable { name: name.to_owned(), problem };
    let read = error.raw_response().is_some_and(|answer| answer.status().is_success());
    match error.code() {
        _ if read => SecretsError::away(PLACE, "it answered something that cannot be read"),
        // The second is what one says that is about to be deleted.
        Some("ResourceNotFoundException" | "InvalidRequestException") => SecretsError::missing(name),
        Some("AccessDeniedException") => {
            unusable("may not be read: the role lacks secretsmanager:GetSecretValue")
        }
        Some("DecryptionFailure") => unusable("may not be decrypted: the role lacks kms:Decrypt for its key"),
        Some("InvalidParameterException" | "ValidationException") => {
            unusable("has a name that cannot be one")
        }
        _ => SecretsError::away(PLACE, Chain(error).to_string()),
    }
}
