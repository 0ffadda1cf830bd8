//! Tools over Athena: databases, tables, what a table is, and queries that only read.
//!
//! What a caller writes as SQL goes through [`sqlguard`]: what runs is what was understood, never the text that came. `runs`
//! starts queries and owns them, so that one is stopped whoever leaves and whenever; `run` waits for one; `results` reads pages
//! of its rows, and `pages` says where the next one begins and whose it is. `trouble` tells apart what a caller, an operator or
//! nobody can mend.

mod access;
mod columns;
mod connect;
mod databases;
mod describe;
mod links;
mod owner;
mod pages;
mod query;
mod results;
mod run;
mod runs;
mod settings;
mod tables;
#[cfg(test)]
mod tests;
mod trouble;
mod values;
mod workgroup;

use std::sync::Arc;

use aws_sdk_athena::Client;

use self::{access::Access, links::Links, runs::Runs, settings::Settings, workgroup::Workgroup};
use super::{Errand, Offer};
use crate::{
    McpError,
    config::{AthenaConfig, PolicyConfig},
};

const UPSTREAM: &str = "athena";

/// What the tools share.
struct Athena {
    client: Client,
    settings: Settings,
    access: Access,
    workgroup: Workgroup,
    runs: Runs,
    links: Links,
}

/// The tools over these databases, and the task that owns their queries.
pub(crate) async fn offers(config: &AthenaConfig) -> Result<(Vec<Offer>, Errand), McpError> {
    let access = Access::of(config)?;
    let settings = Settings::of(config)?;
    let client = connect::connect(config).await?;
    let (runs, errand) = Runs::new(client.clone());
    let athena = Arc::new(Athena {
        workgroup: Workgroup::new(config),
        links: Links::new(config),
        client,
        settings,
        access,
        runs,
    });
    let policy = config.policy.over(&PolicyConfig::patient(config.patience()));
    let offers = vec![
        databases::offer(&athena, &policy)?,
        tables::offer(&athena, &policy)?,
        describe::offer(&athena, &policy)?,
        query::offer(&athena, &policy, config)?,
    ];
    Ok((offers, errand))
}
