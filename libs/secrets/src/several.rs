//! Several places, one after the other.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Reference, Secret, Secrets, SecretsError};

/// Several places: the first that knows a secret answers. One that is away ends the search, so that no other secret of the
/// same name is taken for it.
#[derive(Clone, Debug, Default)]
pub struct Several(Vec<Arc<dyn Secrets>>);

impl Several {
    /// These, in this order.
    pub fn new(places: Vec<Arc<dyn Secrets>>) -> Self {
        Self(places)
    }
}

#[async_trait]
impl Secrets for Several {
    async fn get(&self, reference: &Reference) -> Result<Secret, SecretsError> {
        for place in &self.0 {
            match place.get(reference).await {
                Err(SecretsError::NotFound { .. }) => {}
                answer => return answer,
            }
        }
        Err(SecretsError::NotFound { name: reference.name().to_owned() })
    }

    async fn refresh(&self, reference: &Reference) {
        for place in &self.0 {
            place.refresh(reference).await;
        }
    }
}
