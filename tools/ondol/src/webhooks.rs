//! `ondol webhooks`: the secrets that ends of jobs are signed with, and whether one was.

mod secret;
mod verify;

use clap::Subcommand;

/// What to do with webhooks.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the secret with which a principal's webhooks are signed: for operators, who hand it on
    Secret(secret::Arguments),
    /// Check that a body was signed with a secret, and lately
    Verify(verify::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Secret(arguments) => secret::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
