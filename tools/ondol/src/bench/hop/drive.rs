//! `ondol bench drive`: callers that come at a rate, whether or not those before are answered.
//!
//! It calls for a moment to warm up, prints `ready`, waits for a line, calls, prints what came of it as JSON, and waits for
//! a line again: whoever measures reads processor times around that, this process's among them.

mod call;
mod figures;
mod grpc;
mod openai;
mod surge;

use std::{io, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::{Args, ValueEnum};
use runtime::Life;
use serde_json::Value;

use self::{call::Call, figures::figures, surge::Phase};
use super::{
    super::paced::{at_times, evenly},
    MODEL,
    chance::Chance,
};
use crate::{output::say, process, up::SERVICE};

/// Who calls whom, how, and how often.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The system
    #[arg(long, value_name = "HOST:PORT")]
    target: String,
    /// What it speaks
    #[arg(long, value_enum)]
    speaks: Language,
    /// The key to call with
    #[arg(long)]
    key: String,
    /// The model to ask
    #[arg(long, default_value = MODEL, value_name = "NAME")]
    model: String,
    /// Ask for answers token by token
    #[arg(long)]
    streamed: bool,
    /// Tokens to ask for
    #[arg(long, default_value_t = 16, value_name = "N")]
    tokens: u32,
    /// Calls a second
    #[arg(long, value_name = "CALLS")]
    rate: f64,
    /// How long to call
    #[arg(long, value_name = "TIME", value_parser = arguments::positive_duration)]
    length: Duration,
    /// How long to call before that counts
    #[arg(long, default_value = "500ms", value_name = "TIME", value_parser = arguments::positive_duration)]
    warm: Duration,
    /// Come by chance, as callers do that know nothing of each other, instead of evenly
    #[arg(long)]
    by_chance: bool,
    /// What rate follows for how long, such as 4480:2m, repeatable; then every phase is told by itself, with its first second
    #[arg(long, value_name = "CALLS:TIME")]
    then: Vec<Phase>,
    /// Connections of gRPC to spread calls over
    #[arg(long, default_value_t = 4, value_name = "N")]
    connections: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// The contract's inference service
    Grpc,
    /// OpenAI's chat completions
    Openai,
}

/// Calls, prints, ends.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    runtime::launch(SERVICE, &process::quiet(), async |life: Life| -> anyhow::Result<()> {
        let call = Call::new(arguments).await?;
        at_times(evenly(arguments.rate, arguments.warm), |number| call.make(number)).await?;
        say!("ready");
        word()?;
        say!("{}", told(arguments, &call).await?);
        word()?;
        life.stop("measured");
        Ok(())
    })
}

/// What came of it all.
async fn told(arguments: &Arguments, call: &Call) -> anyhow::Result<Value> {
    if !arguments.then.is_empty() {
        let first = Phase { rate: arguments.rate, length: arguments.length };
        let phases: Vec<_> = [first].into_iter().chain(arguments.then.iter().copied()).collect();
        return surge::told(&phases, |number| call.make(number)).await;
    }
    let times = if arguments.by_chance {
        scattered(arguments.rate, arguments.length)
    } else {
        evenly(arguments.rate, arguments.length)
    };
    Ok(figures(&at_times(times, |number| call.make(number)).await?))
}

/// Waits for a line, or for the end of the input.
fn word() -> anyhow::Result<()> {
    io::stdin().read_line(&mut String::new()).context("waiting for the word")?;
    Ok(())
}

/// When calls are due that know nothing of each other.
fn scattered(rate: f64, length: Duration) -> Vec<Duration> {
    let (mut chance, mut at, mut times) = (Chance::new(2), 0.0, Vec::new());
    loop {
        at += chance.pause() / rate;
        if at >= length.as_secs_f64() {
            return times;
        }
        times.push(Duration::from_secs_f64(at));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::scattered;

    #[test]
    fn arrivals_by_chance_have_their_rate_and_are_in_order() {
        let times = scattered(480.0, Duration::from_secs(20));
        assert!(times.is_sorted() && times.iter().all(|time| *time < Duration::from_secs(20)));
        assert!((times.len() as f64 / 20.0 - 480.0).abs() < 25.0, "{}", times.len());
    }
}
