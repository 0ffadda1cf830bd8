//! What is kept outside of the process, if anything.

use std::sync::Arc;

use accounts::{KeyStore, RedisAccounts};
use objects::Objects;

use crate::{Arguments, McpError};

/// What mcp keeps things in.
#[derive(Clone, Default)]
pub struct Backends {
    /// Where large answers and tasks lie; without it the former are refused, and the latter end with the process.
    pub objects: Option<Arc<dyn Objects>>,
    /// Where keys are that are created while the service runs; without it only those of the file open `/mcp`.
    pub keys: Option<Arc<dyn KeyStore>>,
}

impl Backends {
    /// Those that the arguments name.
    pub(crate) async fn open(arguments: &Arguments) -> Result<Self, McpError> {
        let objects = match &arguments.objects {
            Some(objects) => Some(objects.open().await?),
            None => None,
        };
        let keys = match arguments.accounts.clone().options() {
            Some(options) => Some(Arc::new(RedisAccounts::new(&options)?) as Arc<dyn KeyStore>),
            None => None,
        };
        Ok(Self { objects, keys })
    }
}
