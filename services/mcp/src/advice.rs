//! What is not wrong with a configuration, and yet cannot be meant: for whoever checks a file before it is used.
//!
//! - `policies` finds settings that do nothing where they stand.
//! - `credentials` asks for each secret that is named.

mod credentials;
mod policies;

use crate::{Assembly, Config, Means};

/// What the author of a configuration should look at, a line each; `assembly` is what was made of it, if that could be.
pub async fn advice(config: &Config, means: &Means, assembly: Option<&Assembly>) -> Vec<String> {
    let mut told = Vec::new();
    if config.is_bare() && !config.no_tools {
        told.push("the file describes no tools; if none are meant, say so: no_tools = true".to_owned());
    }
    told.extend(apis(config));
    told.extend(upstreams(config));
    if let Some(assembly) = assembly {
        told.extend(policies::told(config, &assembly.tools));
    }
    told.extend(credentials::told(config, means).await);
    told
}

fn apis(config: &Config) -> impl Iterator<Item = String> {
    let idle = config.http.iter().filter(|(_, api)| api.tools.is_empty() && api.operations.is_empty());
    idle.map(|(name, _)| {
        format!(
            "[http.{name}] has no tools: describe one as [http.{name}.tools.TOOL], or name operations of its document"
        )
    })
}

fn upstreams(config: &Config) -> impl Iterator<Item = String> {
    config.upstreams.iter().filter_map(|(name, upstream)| {
        let unpinned: Vec<_> = upstream.unpinned().collect();
        if upstream.wished().next().is_none() && upstream.tools.is_none() {
            return Some(format!(
                "[upstreams.{name}] offers nothing: `ondol tools pin` shows its tools; name in `tools` those that are \
                 wanted, and pin them"
            ));
        }
        (!unpinned.is_empty()).then(|| {
            format!(
                "[upstreams.{name}] {} not pinned, so not offered: look at what they say with `ondol tools pin`, and \
                 write it down with --write",
                are(&unpinned)
            )
        })
    })
}

/// Names with the verb that fits them.
fn are(names: &[&str]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests;
