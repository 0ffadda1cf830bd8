//! From the configuration to tools with their policies.

use std::sync::Arc;

use runtime::Life;
use tools::{Mounted, Workshop};

use crate::{
    Config, McpError, Means,
    config::PolicyConfig,
    sources::{Errand, Offer, athena, http, s3},
};

/// Everything that one configuration describes.
#[derive(Default)]
pub struct Assembly {
    /// The tools.
    pub tools: Vec<Mounted>,
    /// The buckets, whose objects are resources too.
    pub(crate) buckets: Option<Arc<s3::Buckets>>,
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
        if let Some(athena) = &config.athena {
            let (offered, errand) = Box::pin(athena::offers(athena)).await?;
            offers.extend(offered);
            errands.push(errand);
        }
        check_names(config, &offers)?;
        let tools = offers.into_iter().map(|offer| mount(config, &means.workshop, offer));
        Ok(Self { tools: tools.collect::<Result<_, _>>()?, buckets, errands })
    }

    /// Has the process run what its tools need. Whoever only looks at the tools leaves this out.
    pub(crate) fn begin(&mut self, life: &Life) {
        for errand in self.errands.drain(..) {
            life.spawn(errand.name, (errand.run)(Box::pin(life.draining())));
        }
    }
}

fn mount(config: &Config, workshop: &Workshop, offer: Offer) -> Result<Mounted, McpError> {
    let name = offer.descriptor.name.as_str();
    let own = config.tools.get(name).cloned().unwrap_or_else(PolicyConfig::default);
    let policy = own.over(&offer.policy.over(&config.policy)).policy(name)?;
    Ok(workshop.mount(offer.tool, offer.descriptor, policy, &offer.upstream)?)
}

/// No two tools have one name, and nothing is said about a tool that is not there.
fn check_names(config: &Config, offers: &[Offer]) -> Result<(), McpError> {
    let mut names: Vec<_> = offers.iter().map(|offer| offer.descriptor.name.as_str()).collect();
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
