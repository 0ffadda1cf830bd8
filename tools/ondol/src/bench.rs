//! `ondol bench`: measurements that can be repeated.

mod clean;
mod generate;
mod load;
mod pace;
mod tools;

use std::process::ExitCode;

use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tokens per second of the bare model, the engine, and the engine through api and llm-inference by gRPC
    Generate(Box<generate::Arguments>),
    /// What mcp adds to a call: of a tool whose answer is kept, and of one that makes an HTTP request
    Tools(tools::overhead::Arguments),
    /// What becomes of callers while an API fails: breaker, refusals, other tools, recovery
    Outage(tools::outage::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> ExitCode {
    match command {
        Command::Generate(arguments) => generate::run(*arguments),
        Command::Tools(arguments) => tools::overhead::run(&arguments),
        Command::Outage(arguments) => tools::outage::run(&arguments),
    }
}
