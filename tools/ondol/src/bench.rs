//! `ondol bench`: measurements that can be repeated.

mod clean;
mod generate;
mod hop;
mod load;
mod pace;
mod paced;
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
    /// A model that only waits, for `./just bench hop` and `./just bench load`
    #[command(hide = true)]
    Stub(hop::stub::Arguments),
    /// Callers that do not wait for each other, for the same
    #[command(hide = true)]
    Drive(Box<hop::drive::Arguments>),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> ExitCode {
    match command {
        Command::Generate(arguments) => generate::run(*arguments),
        Command::Tools(arguments) => tools::overhead::run(&arguments),
        Command::Outage(arguments) => tools::outage::run(&arguments),
        Command::Stub(arguments) => hop::stub::run(&arguments),
        Command::Drive(arguments) => hop::drive::run(&arguments),
    }
}
