//! A look at other servers' tools, for those who describe or pin them.

use std::collections::BTreeMap;

use fault::Chain;
use federation::{Listed, Rejected};
use serde_json::Value;

use super::{
    link,
    link::{Link, Trouble},
    peer::Seen,
};
use crate::{Config, McpError, Means, config::UpstreamConfig};

/// What a server was found to have.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What the server is called here.
    pub upstream: String,
    /// Its tools, those that are configured first; or why it could not be asked.
    pub outcome: Result<Vec<Found>, String>,
}

/// A tool.
#[derive(Clone, Debug)]
pub struct Found {
    /// How the server calls it.
    pub name: String,
    /// What becomes of it.
    pub standing: Standing,
    /// The digest of what it says, if the server has it.
    pub digest: Option<String>,
    /// What it says, cleaned, if it can be offered.
    pub words: Option<Words>,
}

/// What a tool says, as models would be told.
#[derive(Clone, Debug)]
pub struct Words {
    /// Its title.
    pub title: Option<String>,
    /// Its description.
    pub description: String,
    /// The schema of its arguments.
    pub input: Value,
    /// Whether something in it could not be seen, and was taken out.
    pub had_hidden: bool,
}

/// What becomes of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is as it was pinned.
    Offered,
    /// It says something else than when it was pinned.
    Changed {
        /// What was pinned.
        pin: String,
    },
    /// It is wished for, and not pinned.
    Unpinned,
    /// It cannot be offered.
    Refused {
        /// Why.
        problem: String,
    },
    /// The server does not have it.
    Missing,
    /// Nobody wished for it.
    Other,
}

/// Asks each server of a configuration for its tools.
pub async fn survey(config: &Config, means: &Means) -> Result<Vec<Survey>, McpError> {
    let secrets = means.secrets(config).await?;
    let mut surveys = Vec::new();
    for (name, upstream) in &config.upstreams {
        let link = link(name, upstream, &secrets)?;
        surveys.push(Survey { upstream: name.clone(), outcome: found(&link, upstream).await });
        link.close().await;
    }
    Ok(surveys)
}

async fn found(link: &Link, config: &UpstreamConfig) -> Result<Vec<Found>, String> {
    let listing = link.list(&|_| true).await.map_err(|trouble| match trouble {
        Trouble::Theirs(error) => Chain(&error).to_string(),
        Trouble::Ours(error) => Chain(&error).to_string(),
    })?;
    let mut listed = listing.tools;
    let wished = config.wished();
    let mut all: Vec<_> = wished.map(|tool| judged(link, config, tool, listed.remove(tool))).collect();
    all.extend(others(listed));
    Ok(all)
}

fn judged(
    link: &Link,
    config: &UpstreamConfig,
    tool: &str,
    listed: Option<Result<Listed, Rejected>>,
) -> Found {
    let name = tool.to_owned();
    let listed = match listed {
        None => return Found { name, standing: Standing::Missing, digest: None, words: None },
        Some(Err(Rejected { digest, problem })) => {
            let standing = Standing::Refused { problem };
            return Found { name, standing, digest: Some(digest), words: None };
        }
        Some(Ok(listed)) => listed,
    };
    let digest = Some(listed.digest.clone());
    let words = Some(words(&listed));
    let pin = config.pins.get(tool);
    let standing = match (Seen::of(&link.name, listed, false), pin) {
        (Err(problem), _) => Standing::Refused { problem },
        (Ok(_), None) => Standing::Unpinned,
        (Ok(_), Some(pin)) if Some(pin) == digest.as_ref() => Standing::Offered,
        (Ok(_), Some(pin)) => Standing::Changed { pin: pin.clone() },
    };
    Found { name, standing, digest, words }
}

fn others(listed: BTreeMap<String, Result<Listed, Rejected>>) -> impl Iterator<Item = Found> {
    listed.into_iter().map(|(name, listed)| Found {
        name,
        standing: Standing::Other,
        digest: None,
        words: listed.as_ref().ok().map(words),
    })
}

fn words(listed: &Listed) -> Words {
    Words {
        title: listed.title.clone(),
        description: listed.description.clone(),
        input: listed.input.clone(),
        had_hidden: listed.had_hidden,
    }
}
