//! `ondol queue`: the queue itself, for its operators. These commands speak to Redis, not to a server, and see the jobs of
//! every key.

mod limits;
mod pause;
mod schedules;
mod show;

use clap::{Args, Subcommand};
use jobs::{JobsError, Policies, RedisArguments, RedisQueue};

/// What to do with the queue.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show how full it is, by kind
    Show(show::Arguments),
    /// Stop claims: what runs goes on, and jobs may still be handed in
    Pause(pause::Arguments),
    /// Let workers claim again
    Resume(pause::Arguments),
    /// Show and change what it holds and runs at most
    #[command(subcommand)]
    Limits(Box<limits::Command>),
    /// List, set and remove what starts jobs by the clock
    #[command(subcommand)]
    Schedules(Box<schedules::Command>),
}

/// Runs the command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show(arguments) => show::run(&arguments),
        Command::Pause(arguments) => pause::run(&arguments, true),
        Command::Resume(arguments) => pause::run(&arguments, false),
        Command::Limits(command) => limits::run(*command),
        Command::Schedules(command) => schedules::run(*command),
    }
}

/// The error, with what to do where no Redis answers.
fn taught(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(JobsError::Redis { .. }) => error.context(
            "the queue cannot be reached: does --redis-url name its Redis? (`ondol up` without one keeps its queue in its \
             own memory, where nobody else can look)",
        ),
        _ => error,
    }
}

/// Which queue.
#[derive(Args, Clone, Debug)]
struct Place {
    #[command(flatten)]
    redis: RedisArguments,
}

impl Place {
    /// Runs `work` with the queue, on a runtime of its own.
    fn block_on<T>(&self, work: impl AsyncFnOnce(RedisQueue) -> anyhow::Result<T>) -> anyhow::Result<T> {
        runtime::install_crypto_provider();
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        executor.block_on(async {
            let queue = RedisQueue::new(self.redis.clone().options()?, Policies::default())?;
            work(queue).await.map_err(taught)
        })
    }
}
