//! Tools as they come to be: source after source, whatever is wrong with those before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use secrets::{Fixed, Secrets};
use tools::{Mounted, Workshop};

use super::Assembly;
use crate::{
    Config, McpError, Means,
    config::AuthConfig,
    outbox::Outbox,
    problems::Problems,
    prompts,
    resources::Resources,
    sources::{Errand, Offer, athena, http, s3, upstream::Federated},
    template::is_name,
};

/// What there is of an [`Assembly`] by now.
pub(super) struct Draft<'a> {
    config: &'a Config,
    means: &'a Means,
    secrets: Arc<dyn Secrets>,
    problems: Problems,
    offers: Vec<Offer>,
    errands: Vec<Errand>,
}

impl<'a> Draft<'a> {
    /// Nothing but secrets.
    pub(super) async fn new(config: &'a Config, means: &'a Means) -> Self {
        let mut problems = Problems::default();
        // Where they cannot be opened, nothing that is read here needs one.
        let secrets =
            problems.sift(means.secrets(config).await).unwrap_or_else(|| Arc::new(Fixed::default()));
        Self { config, means, secrets, problems, offers: Vec::new(), errands: Vec::new() }
    }

    /// All of it; the error says everything that is wrong.
    pub(super) async fn finish(mut self) -> Result<Assembly, McpError> {
        let mut buckets = None;
        // Boxed, since Amazon's clients need much room while they look around.
        if let Some(s3) = &self.config.s3
            && let Some((opened, offered)) = self.problems.sift(Box::pin(s3::offers(s3)).await)
        {
            buckets = Some(opened);
            self.offers.extend(offered);
        }
        self.apis();
        let outbox = self.outbox();
        if let Some(athena) = &self.config.athena
            && let Some((offered, errand)) = self.problems.sift(Box::pin(athena::offers(athena)).await)
        {
            self.offers.extend(offered);
            self.errands.push(errand);
        }
        let federated = self.servers();
        let prompts = self.problems.sift(prompts::written(&self.config.prompts)).unwrap_or_default();
        self.say_emptiness();
        self.check_twins(&federated);
        let tools = self.mount();
        // What is missing by now is missing since something else is wrong.
        self.problems.none()?;
        self.check_names(&tools, &federated)?;
        let mut resources: Vec<Arc<dyn Resources>> = Vec::new();
        if let Some(buckets) = buckets {
            resources.push(Arc::new(s3::ObjectResources::new(buckets, &tools, self.workshop())?));
        }
        Ok(Assembly { tools, outbox, resources, prompts, federated, errands: self.errands })
    }

    fn workshop(&self) -> &'a Workshop {
        &self.means.workshop
    }

    fn apis(&mut self) {
        for (name, api) in &self.config.http {
            if self.is_named("http", name) && self.has_secrets("http", name, api.auth.as_ref()) {
                let offered = http::offers(name, api, &self.config.folder, &self.secrets);
                self.offers.extend(self.problems.sift(offered).unwrap_or_default());
            }
        }
    }

    fn servers(&mut self) -> Vec<Federated> {
        let mut all = Vec::new();
        for (name, server) in &self.config.upstreams {
            if self.is_named("upstreams", name) && self.has_secrets("upstreams", name, server.auth.as_ref()) {
                all.extend(self.server(name));
            }
        }
        all
    }

    fn server(&mut self, name: &str) -> Option<Federated> {
        let found = Federated::of(self.config, name, &self.secrets, self.means);
        let (federated, errand) = self.problems.sift(found)?;
        self.errands.extend(errand);
        Some(federated)
    }

    /// Whether names of tools can begin with this.
    fn is_named(&mut self, table: &str, name: &str) -> bool {
        let fits = is_name(name);
        if !fits {
            self.problems.wrong(format!(
                "[{table}.{name:?}] its name cannot be one: the names of its tools begin with it, so expected 1 to 64 \
                 letters, digits, _ and -"
            ));
        }
        fits
    }

    fn has_secrets(&mut self, table: &str, name: &str, auth: Option<&AuthConfig>) -> bool {
        let lacks = auth.is_some() && self.config.secrets.is_empty();
        if lacks {
            self.problems.wrong(format!(
                "[{table}.{name}.auth] names a secret, but no [secrets] table says where secrets are"
            ));
        }
        !lacks
    }

    fn outbox(&mut self) -> Option<Arc<Outbox>> {
        let webhooks = self.config.webhooks.as_ref()?;
        if self.config.secrets.is_empty() {
            let problem = "[webhooks] names secrets, but no [secrets] table says where secrets are";
            self.problems.wrong(problem.to_owned());
            return None;
        }
        self.problems.sift(Outbox::open(webhooks, Arc::clone(&self.secrets))).map(Arc::new)
    }

    fn say_emptiness(&mut self) {
        if self.config.no_tools && !self.config.is_bare() {
            self.problems
                .wrong("no_tools: is true, and tools are described all the same; take it out".to_owned());
        }
    }

    /// No two tools have one name.
    fn check_twins(&mut self, federated: &[Federated]) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for name in names(self.offers.iter().map(|offer| offer.descriptor.name.as_str()), federated) {
            *counts.entry(name).or_default() += 1;
        }
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 1) {
            self.problems.wrong(format!(
                "{count} tools are called {name}: give one of them another name, or the table that it comes from"
            ));
        }
    }

    fn mount(&mut self) -> Vec<Mounted> {
        let (mut tools, mut told) = (Vec::new(), BTreeSet::new());
        for offer in std::mem::take(&mut self.offers) {
            let name = offer.descriptor.name.to_string();
            match self.mounted(offer) {
                Ok(tool) => tools.push(tool),
                // What a source's table says wrongly is wrong for each of its tools.
                Err(error) if !told.insert(error.to_string().replace(&name, "")) => {}
                Err(error) => self.problems.add(error),
            }
        }
        tools
    }

    fn mounted(&self, offer: Offer) -> Result<Mounted, McpError> {
        let policy = self.config.policy_of(offer.descriptor.name.as_str(), &offer.policy)?;
        Ok(self.workshop().mount(offer.tool, offer.descriptor, policy, &offer.upstream)?)
    }

    /// Nothing is said about a tool that is not there.
    fn check_names(&mut self, tools: &[Mounted], federated: &[Federated]) -> Result<(), McpError> {
        let known: BTreeSet<_> =
            names(tools.iter().map(|tool| tool.descriptor.name.as_str()), federated).collect();
        for name in self.config.tools.keys().filter(|name| !known.contains(*name)) {
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            self.problems.wrong(format!("[tools.{name}] is about no tool; there are: {known}"));
        }
        self.problems.none()
    }
}

fn names<'a>(
    own: impl Iterator<Item = &'a str> + 'a,
    federated: &'a [Federated],
) -> impl Iterator<Item = String> + 'a {
    own.map(str::to_owned).chain(federated.iter().flat_map(Federated::names))
}
