//! Tools of other servers of the Model Context Protocol.
//!
//! - `link` is the connection to one: what was agreed on, in whose name it is asked, and again where credentials or a session
//!   have run out. It stands on [`federation`], which does not believe what comes.
//! - `peer` is a server with what was seen of it: its tools, each as it was pinned or not offered. `follow` looks again and again.
//! - `peers` keeps servers over a reload; `federated` is one of them with the policies of this configuration.
//! - `tool` calls, `answer` says what came of it, `describe` what callers are told.
//! - `survey` looks once, for `ondol tools check` and `pin`.
//!
//! What a tool says about itself is what models act on, so that a server could change it under the hands of those who agreed to
//! it. A tool is therefore offered only while it says what it said when somebody pinned it.

mod answer;
mod describe;
mod federated;
mod follow;
mod link;
mod metrics;
mod peer;
mod peers;
mod survey;
#[cfg(test)]
mod tests;
mod tool;

use std::sync::Arc;

use secrets::Secrets;
use tools::ToolName;

pub use self::survey::{Found, Standing, Survey, Words, survey};
pub(crate) use self::{federated::Federated, peers::Peers};
use self::{link::Link, peer::Peer};
use crate::{McpError, config::UpstreamConfig, remote::Remote};

/// The most servers of ours that a call may come through.
pub(crate) const MOST_HOPS: u64 = 4;
/// The field of `_meta` that says through how many it has come.
pub(crate) const HOPS: &str = "ondol/hops";
const LONGEST_PIN: usize = 64;

/// The connection to a server called `name`. Nothing is asked yet.
fn link(name: &str, config: &UpstreamConfig, secrets: &Arc<dyn Secrets>) -> Result<Link, McpError> {
    let at = |problem: String| McpError::Config(format!("[upstreams.{name}] {problem}"));
    check(name, config).map_err(at)?;
    let remote = Remote::open(&config.url, config.reach(), Arc::clone(secrets)).map_err(at)?;
    Ok(Link::new(name, remote))
}

/// What can be told from the words alone; the error names the field.
fn check(name: &str, config: &UpstreamConfig) -> Result<(), String> {
    let named = config.tools.iter().flatten().chain(config.pins.keys());
    for tool in named {
        ToolName::new(&ours(name, tool)).map_err(|_| {
            format!("{tool:?} cannot be offered: {} is no name of a tool here, which is 1 to 64 characters out of A-Z, a-z, 0-9, _ and -", ours(name, tool))
        })?;
    }
    let is_pin =
        |pin: &str| pin.len() == LONGEST_PIN && pin.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    match config.pins.iter().find(|(_, pin)| !is_pin(pin)) {
        Some((tool, _)) => {
            Err(format!("pins.{tool}: expected 64 hexadecimal digits; `ondol tools pin` writes them"))
        }
        None => Ok(()),
    }
}

/// What a tool of a server is called here.
fn ours(server: &str, tool: &str) -> String {
    format!("{server}_{tool}")
}
