//! `ondol artifact`: what jobs made.

mod get;
mod ls;
mod name;

use clap::Subcommand;

/// What to do with artifacts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what a job made
    Ls(ls::Arguments),
    /// Fetch one of them
    Get(get::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Ls(arguments) => ls::run(&arguments),
        Command::Get(arguments) => get::run(&arguments),
    }
}
