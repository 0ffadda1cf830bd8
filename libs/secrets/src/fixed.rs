//! Secrets in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{Reference, Secret, Secrets, SecretsError};

/// Secrets that are always the same, by the whole of their references; also the empty place of those who configured none.
#[derive(Clone, Debug, Default)]
pub struct Fixed(BTreeMap<String, Secret>);

impl Fixed {
    /// These.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(secrets.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect())
    }
}

#[async_trait]
impl Secrets for Fixed {
    async fn get(&self, reference: &Reference) -> Result<Secret, SecretsError> {
        let found = self.0.get(&reference.to_string()).cloned();
        found.ok_or_else(|| SecretsError::missing(reference.name()))
    }

    async fn refresh(&self, _: &Reference) {}
}
