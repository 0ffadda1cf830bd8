//! `ondol queue pause` and `ondol queue resume`.

use clap::Args;
use jobs::{Name, Queue, Scope};
use serde_json::json;

use super::Place;
use crate::output::{say, tell};

/// What to stop, or to let go on.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A kind of jobs, such as `batch` [default: all of the queue]
    kind: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, paused: bool) -> anyhow::Result<()> {
    let kind = arguments.kind.as_ref().map(|kind| Name::new("kind", kind)).transpose()?;
    let scope = kind.clone().map_or(Scope::Queue, Scope::Kind);
    let what = arguments.kind.as_deref().unwrap_or("the queue");
    arguments.place.block_on(async |queue| {
        queue.set_paused(scope, paused).await?;
        let known = queue.stats().await?.kinds;
        if let Some(kind) = &kind
            && !known.contains_key(kind)
        {
            let known: Vec<_> = known.keys().map(Name::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            tell!("No {kind} job was handed in so far; kinds that were: {known}");
        }
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&json!({"kind": arguments.kind, "paused": paused}))?);
        } else if paused {
            say!("{what} is paused: no worker claims, what runs goes on");
        } else {
            say!("{what} goes on");
        }
        Ok(())
    })
}
