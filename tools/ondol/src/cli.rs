//! What can be typed after `ondol`.

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    artifact, bench, call, chat, completions, generate, jobs, keys, misuse::Misuse, model, output::tell,
    queue, smoke, tools, up, webhooks,
};

/// The command line of Ondol: the whole stack on a laptop, a client, and the tools around models.
///
/// Start with `ondol up`, then talk to it from another terminal with `ondol chat`.
#[derive(Parser)]
#[command(name = "ondol", version, about, long_about, propagate_version = true, subcommand_required = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole stack in this process, until Ctrl-C
    Up(Box<up::Arguments>),
    /// Generate text once, streaming it to standard output
    Generate(generate::Arguments),
    /// Chat with a model in the terminal
    Chat(chat::Arguments),
    /// Hand in long work, follow it, stop it
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Fetch what jobs made
    #[command(subcommand)]
    Artifact(artifact::Command),
    /// List and call tools; check the file that describes them
    #[command(subcommand)]
    Tools(tools::Command),
    /// How ends of jobs are told, and how to find out whether they were
    #[command(subcommand)]
    Webhooks(webhooks::Command),
    /// Look at the queue in Redis, pause it, start jobs by the clock: for operators
    #[command(subcommand)]
    Queue(queue::Command),
    /// Import and inspect models
    #[command(subcommand)]
    Model(model::Command),
    /// Call any method of the contract with JSON; without one, list them
    Call(Box<call::Arguments>),
    /// Create, list and revoke API keys; make some for a key file
    #[command(subcommand)]
    Keys(keys::Command),
    /// Measure
    #[command(subcommand)]
    Bench(Box<bench::Command>),
    /// Start the stack on free ports, generate once, print what it took
    Smoke(Box<smoke::Arguments>),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

impl Cli {
    /// What this process was called with. Help, and what is wrong with it, end the process.
    pub(crate) fn of_this_process() -> Self {
        Self::read(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    fn read<T: Into<OsString> + Clone>(line: impl IntoIterator<Item = T>) -> Result<Self, clap::Error> {
        let matches = runtime::with_negative_numbers(Self::command()).try_get_matches_from(line)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))
    }

    /// Runs the command. Failures are printed with their causes and end with exit code 1; wrong usage ([`Misuse`]) ends with 2.
    pub(crate) fn run(self) -> ExitCode {
        if matches!(self.command, Command::Up(_) | Command::Smoke(_) | Command::Bench(_)) {
            // These run models in this process.
            let (name, value) = engine::NO_TELEMETRY;
            runtime::with_variable(name, value);
        }
        let outcome = match self.command {
            Command::Up(arguments) => return up::run(*arguments),
            Command::Smoke(arguments) => return smoke::run(*arguments),
            Command::Bench(command) => return bench::run(*command),
            Command::Generate(arguments) => generate::run(&arguments),
            Command::Chat(arguments) => chat::run(arguments),
            Command::Jobs(command) => jobs::run(command),
            Command::Artifact(command) => artifact::run(command),
            Command::Tools(command) => tools::run(command),
            Command::Webhooks(command) => webhooks::run(&command),
            Command::Queue(command) => queue::run(command),
            Command::Model(command) => model::run(command),
            Command::Call(arguments) => call::run(&arguments),
            Command::Keys(command) => keys::run(&command),
            Command::Completions(arguments) => {
                completions::run(&arguments);
                Ok(())
            }
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tell!("ondol: {error:#}");
                if error.is::<Misuse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn no_two_arguments_of_a_command_collide() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_number_is_told_by_its_flag_with_what_was_expected() {
        for (flag, value) in [("--max-concurrency", "-5"), ("--worker-threads", "0"), ("--queue-depth", "-1")]
        {
            let told = Cli::read(["ondol", "up", flag, value]).err().unwrap().to_string();
            assert!(told.contains(flag) && told.contains("expected a whole number, 1 or more"), "{told}");
        }
        for flag in ["--listen", "--mcp-listen", "--admin-addr"] {
            let told = Cli::read(["ondol", "up", flag, "nonsense"]).err().unwrap().to_string();
            assert!(told.contains(flag) && told.contains("such as 127.0.0.1:50051"), "{told}");
        }
    }
}
