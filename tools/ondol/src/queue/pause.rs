//! `ondol queue pause` and `ondol queue resume`.

use clap::Args;
use jobs::{Name, Queue, Scope};

use super::Place;
use crate::output::say;

/// What to stop, or to let go on.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A kind of jobs, such as `batch` [default: all of the queue]
    kind: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, paused: bool) -> anyhow::Result<()> {
    let scope = match &arguments.kind {
        Some(kind) => Scope::Kind(Name::new("kind", kind)?),
        None => Scope::Queue,
    };
    let what = arguments.kind.as_deref().unwrap_or("the queue");
    arguments.place.block_on(async |queue| {
        queue.set_paused(scope, paused).await?;
        if paused {
            say!("{what} is paused: no worker claims, what runs goes on");
        } else {
            say!("{what} goes on");
        }
        Ok(())
    })
}
