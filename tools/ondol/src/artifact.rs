//! `ondol artifact`: what jobs made.

mod get;
mod ls;
mod partial;
mod rm;
mod url;

use clap::Subcommand;

/// What to do with artifacts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what a job made
    Ls(ls::Arguments),
    /// Fetch one of them
    Get(get::Arguments),
    /// Make a URL at which anybody can read one for a while
    Url(url::Arguments),
    /// Remove some of them
    Rm(rm::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Ls(arguments) => ls::run(&arguments),
        Command::Get(arguments) => get::run(&arguments),
        Command::Url(arguments) => url::run(&arguments),
        Command::Rm(arguments) => rm::run(&arguments),
    }
}
