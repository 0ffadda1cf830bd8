//! `ondol jobs`: work that outlives a request.

mod cancel;
mod dead;
mod delete;
mod list;
mod requeue;
mod row;
mod show;
mod submit;
mod watch;

use clap::Subcommand;

/// What to do with jobs.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Hand in a job
    #[command(subcommand)]
    Submit(Box<submit::Command>),
    /// List jobs, newest first
    List(list::Arguments),
    /// Show one job
    Show(show::Arguments),
    /// Follow a job until it ends
    Watch(watch::Arguments),
    /// Stop jobs, waiting or running
    Cancel(cancel::Arguments),
    /// List the jobs that failed for good
    Dead(dead::Arguments),
    /// Put dead jobs in line again
    Requeue(requeue::Arguments),
    /// Forget jobs that have ended
    Delete(delete::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Submit(command) => submit::run(*command),
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Cancel(arguments) => cancel::run(&arguments),
        Command::Dead(arguments) => dead::run(&arguments),
        Command::Requeue(arguments) => requeue::run(&arguments),
        Command::Delete(arguments) => delete::run(&arguments),
    }
}
