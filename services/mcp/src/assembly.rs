//! From the configuration to tools with their policies.

use std::sync::Arc;

use runtime::Life;
use secrets::Secrets;
use tools::{Mounted, Workshop};

use crate::{
    Config, McpError, Means,
    outbox::Outbox,
    prompts::{self, Prompt},
    resources::Resources,
    sources::{Errand, Offer, athena, http, s3, upstream::Federated},
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
    /// Opens every source and puts the policies around its tools. Nothing is called yet.
    pub async fn of(config: &Config, means: &Means) -> Result<Self, McpError> {
        let mut offers = Vec::new();
        let mut errands = Vec::new();
        let mut buckets = None;
        // Boxed, since Amazon's clients need much room while they look around.
        if let Some(s3) = &config.s3 {
            let (opened, offered) = Box::pin(s3::offers(s3)).await?;
            buckets = Some(opened);
            offers.extend(offered);
        }
        let secrets = means.secrets(config).await?;
        for (name, api) in &config.http {
            if api.auth.is_some() && config.secrets.is_empty() {
                let problem = format!(
                    "[http.{name}.auth] names a secret, but no [secrets] table says where secrets are"
                );
                return Err(McpError::Config(problem));
            }
            offers.extend(http::offers(name, api, &config.folder, &secrets)?);
        }
        let outbox = outbox(config, &secrets)?;
        if let Some(athena) = &config.athena {
            let (offered, errand) = Box::pin(athena::offers(athena)).await?;
            offers.extend(offered);
            errands.push(errand);
        }
        let (federated, followers) = Federated::all(config, &secrets, &means.peers, &means.workshop)?;
        errands.extend(followers);
        check_names(config, &offers, &federated)?;
        let tools = offers.into_iter().map(|offer| mount(config, &means.workshop, offer));
        let tools: Vec<_> = tools.collect::<Result<_, _>>()?;
        let mut resources: Vec<Arc<dyn Resources>> = Vec::new();
        if let Some(buckets) = buckets {
            resources.push(Arc::new(s3::ObjectResources::new(buckets, &tools, &means.workshop)?));
        }
        let prompts = prompts::written(&config.prompts)?;
        Ok(Self { tools, outbox, resources, prompts, federated, errands })
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

fn outbox(config: &Config, secrets: &Arc<dyn Secrets>) -> Result<Option<Arc<Outbox>>, McpError> {
    let Some(webhooks) = &config.webhooks else { return Ok(None) };
    if config.secrets.is_empty() {
        let problem = "[webhooks] names secrets, but no [secrets] table says where secrets are";
        return Err(McpError::Config(problem.to_owned()));
    }
    Ok(Some(Arc::new(Outbox::open(webhooks, Arc::clone(secrets))?)))
}

fn mount(config: &Config, workshop: &Workshop, offer: Offer) -> Result<Mounted, McpError> {
    let name = offer.descriptor.name.as_str();
    let policy = config.policy_of(name, &offer.policy)?;
    Ok(workshop.mount(offer.tool, offer.descriptor, policy, &offer.upstream)?)
}

/// No two tools have one name, and nothing is said about a tool that is not there.
fn check_names(config: &Config, offers: &[Offer], federated: &[Federated]) -> Result<(), McpError> {
    let of_others: Vec<_> = federated.iter().flat_map(Federated::names).collect();
    let mut names: Vec<_> = offers.iter().map(|offer| offer.descriptor.name.as_str()).collect();
    names.extend(of_others.iter().map(String::as_str));
    names.sort_unstable();
    if let Some(twins) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(McpError::Config(format!("two tools are called {}: give one a prefix", twins.concat())));
    }
    match config.tools.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => {
            let known = names.join(", ");
            Err(McpError::Config(format!("[tools.{name}] is about no tool; there are: {known}")))
        }
        None => Ok(()),
    }
}
