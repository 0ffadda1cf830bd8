//! `ondol bench`: measurements that can be repeated.

mod clean;
mod generate;
mod load;
mod pace;

use std::process::ExitCode;

use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tokens per second of the bare model, the engine, and the engine through api and llm-inference by gRPC
    Generate(generate::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> ExitCode {
    let Command::Generate(arguments) = command;
    generate::run(arguments)
}
