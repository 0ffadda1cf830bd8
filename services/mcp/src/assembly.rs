//! From the configuration to tools with their policies.

use std::sync::Arc;

use tools::{Mounted, Workshop};

use crate::{
    Config, McpError, Means,
    config::PolicyConfig,
    sources::{Offer, http, s3},
};

/// Everything that one configuration describes.
#[derive(Default)]
pub struct Assembly {
    /// The tools.
    pub tools: Vec<Mounted>,
    /// The buckets, whose objects are resources too.
    pub(crate) buckets: Option<Arc<s3::Buckets>>,
}

impl Assembly {
    /// Opens every source and puts the policies around its tools. Nothing is called yet.
    pub async fn of(config: &Config, means: &Means) -> Result<Self, McpError> {
        let mut offers = Vec::new();
        let mut buckets = None;
        if let Some(s3) = &config.s3 {
            let (opened, offered) = s3::offers(s3).await?;
            buckets = Some(opened);
            offers.extend(offered);
        }
        let secrets = config.secrets.open(&means.secrets).await?;
        for (name, api) in &config.http {
            offers.extend(http::offers(name, api, &config.folder, &secrets)?);
        }
        check_names(config, &offers)?;
        let tools = offers.into_iter().map(|offer| mount(config, &means.workshop, offer));
        Ok(Self { tools: tools.collect::<Result<_, _>>()?, buckets })
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
