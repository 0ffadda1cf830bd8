//! The models that this process serves.

mod served;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use served::Running;
pub use served::Served;

use crate::InferenceError;

/// Every served model by its id. Filled before serving begins and never changed, so lookups need no lock.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    models: Arc<BTreeMap<String, Arc<Served>>>,
}

impl Catalogue {
    /// A catalogue of `models`.
    pub(crate) fn new(models: impl IntoIterator<Item = Served>) -> Self {
        let models = models.into_iter().map(|served| (served.id().to_owned(), Arc::new(served)));
        Self { models: Arc::new(models.collect()) }
    }

    /// The model with this id. The error does not say which there are: not every caller may know of all.
    pub(crate) fn find(&self, id: &str) -> Result<&Arc<Served>, InferenceError> {
        self.models.get(id).ok_or_else(|| InferenceError::UnknownModel { asked: id.to_owned() })
    }

    /// Every model, by id.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.models.values()
    }
}
