//! `ondol model`: import and fetch packages, and look at them.

mod import;
mod list;
mod pull;
mod show;

use clap::Subcommand;

pub(crate) use import::import_missing;

/// What to do with models.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a GGUF file as a model package
    Import(import::Arguments),
    /// List the models in the store
    List(list::Arguments),
    /// Fetch packages from a bucket, for pods that start without any
    Pull(pull::Arguments),
    /// Describe one model
    Show(show::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Import(arguments) => import::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Pull(arguments) => pull::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
    }
}
