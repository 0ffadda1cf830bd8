//! `ondol tools`: what models and programs can call.

mod call;
mod check;
mod given;
mod list;
mod new;
mod pin;
mod whole;

use clap::Subcommand;

pub(crate) use given::Given;
pub(crate) use new::write_if_missing;

/// What to do with tools.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the tools that the key may call
    List(list::Arguments),
    /// Call one, and print its answer
    Call(call::Arguments),
    /// Check a file that describes tools, as mcp would read it
    Check(check::Arguments),
    /// Show what tools of other servers say, and write down that they may
    Pin(pin::Arguments),
    /// Write a first such file, with the files of a folder
    New(new::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(&arguments),
        Command::Call(arguments) => call::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Pin(arguments) => pin::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
    }
}
