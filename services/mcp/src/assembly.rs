//! From the configuration to tools with their policies. `draft` is how they come to be.

mod draft;

use std::sync::Arc;

use runtime::Life;
use tools::Mounted;

use self::draft::Draft;
use crate::{
    Config, McpError, Means,
    outbox::Outbox,
    prompts::Prompt,
    resources::Resources,
    sources::{Errand, upstream::Federated},
};

/// Everything that one configuration describes.
#[derive(Default)]
pub struct Assembly {
    /// The tools that are there from the beginning.
    pub tools: Vec<Mounted>,
    /// The way to receivers of webhooks, where they are configured.
    pub(crate) outbox: Option<Arc<Outbox>>,
    /// What can be read by its URI.
    pub(crate) resources: Vec<Arc<dyn Resources>>,
    /// Texts that people pick.
    pub(crate) prompts: Vec<Arc<dyn Prompt>>,
    /// Other servers, whose tools come and go.
    federated: Vec<Federated>,
    /// What has to run beside the tools for as long as they are there.
    errands: Vec<Errand>,
}

impl Assembly {
    /// Opens every source and puts the policies around its tools. Nothing is called yet. The error says all that is wrong.
    pub async fn of(config: &Config, means: &Means) -> Result<Self, McpError> {
        Draft::new(config, means).await.finish().await
    }

    /// Whether it has no tools, and none can come.
    pub(crate) fn is_bare(&self) -> bool {
        self.tools.is_empty() && self.federated.is_empty()
    }

    /// The tools of this moment, with those of other servers that are offered now.
    pub(crate) fn current(&self) -> Vec<Mounted> {
        let federated = self.federated.iter().flat_map(Federated::tools);
        self.tools.iter().cloned().chain(federated).collect()
    }

    /// Looks at the other servers once.
    #[cfg(test)]
    pub(crate) async fn look(&self) -> Vec<Option<bool>> {
        let mut looked = Vec::new();
        for federated in &self.federated {
            looked.push(federated.look().await);
        }
        looked
    }

    /// Has configurations to come know the other servers, without following them.
    #[cfg(test)]
    pub(crate) fn remember(&self) {
        self.federated.iter().for_each(Federated::begin);
    }

    /// Has the process run what its tools need. Whoever only looks at the tools leaves this out.
    pub(crate) fn begin(&mut self, life: &Life) {
        for errand in self.errands.drain(..) {
            life.spawn(errand.name, (errand.run)(Box::pin(life.draining())));
        }
        self.federated.iter().for_each(Federated::begin);
    }
}

#[cfg(test)]
mod tests;
