//! `ondol bench generate`: what gRPC costs on top of the engine, and the engine on top of the model.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use engine::{Engine, OnnxModel};
use models::{Specials, Store};
use runtime::Life;
use serde_json::json;

use super::{
    clean::Samples,
    load::{Load, through_engine, through_grpc, through_model},
};
use crate::{
    client::Connection,
    keys::new_secret,
    output::{say, tell},
    process,
    stack::{Stack, StackArguments, free_port},
    up::SERVICE,
};

const PROSE: &str =
    "The quick brown fox jumps over the lazy dog while the database index speeds up queries. ";

/// How much to measure.
#[derive(Args)]
#[command(
    after_help = "The three systems take turns in one process on one model. A sample during which other processes \
                        used more than 5 % of the processors is thrown away; the table shows medians and how many \
                        samples were clean. Where a load has none, its figures prove nothing, and the exit code is 1."
)]
pub(crate) struct Arguments {
    /// Streams at once
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 8, 16], value_name = "N,…")]
    streams: Vec<usize>,
    /// Tokens that each stream generates
    #[arg(long, default_value_t = 128, value_name = "N")]
    tokens: u32,
    /// Tokens of the prompt
    #[arg(long, default_value_t = 64, value_name = "N")]
    context: usize,
    /// Clean samples to take of each system at each load
    #[arg(long, default_value_t = 5, value_name = "N")]
    samples: usize,
    /// How long to measure in all; each load is measured at least once
    #[arg(long, default_value = "10m", value_name = "TIME", value_parser = arguments::duration)]
    limit: Duration,
    /// Print one JSON array, an object for each row, instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// Measures, prints, ends.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let mut unproved = None;
    let exit = runtime::launch(SERVICE, &process::quiet(), async |life: Life| -> anyhow::Result<()> {
        unproved = unproved_loads(&measure(arguments, &life).await?);
        life.stop("measured");
        Ok(())
    });
    // Not a failure of the process, which ends in good order, but of the measurement.
    match unproved {
        Some(warning) => {
            tell!("ondol: {warning}");
            ExitCode::FAILURE
        }
        None => exit,
    }
}

/// What to say of the loads without a clean sample, where there are any.
fn unproved_loads(rows: &[Row]) -> Option<String> {
    let unproved: Vec<_> =
        rows.iter().filter(|row| row.clean() == 0).map(|row| row.streams.to_string()).collect();
    let which = match unproved.len() {
        0 => return None,
        all if all == rows.len() => "no sample was clean; the figures prove nothing".to_owned(),
        _ => format!("no sample was clean at {} streams; those figures prove nothing", unproved.join(", ")),
    };
    Some(format!(
        "{which}\n  what to do: end what else computes on this machine, or give more time with --limit"
    ))
}

/// The three systems under measurement.
struct Systems {
    bare: OnnxModel,
    engine: Engine,
    connection: Connection,
}

/// One line of the table.
#[derive(Default)]
struct Row {
    streams: usize,
    model: Samples,
    engine: Samples,
    grpc: Samples,
}

async fn measure(arguments: Arguments, life: &Life) -> anyhow::Result<Vec<Row>> {
    let (mut systems, mut load) = prepare(&arguments, life).await?;
    let slots = systems.engine.geometry().slots;
    let possible = arguments.streams.iter().all(|streams| (1..=slots).contains(streams));
    ensure!(possible, "--streams must be 1 to {slots}, the number of --slots");
    let end = Instant::now() + arguments.limit;
    let mut rows = Vec::new();
    for (streams, left) in arguments.streams.iter().zip((1..=arguments.streams.len() as u32).rev()) {
        load.streams = *streams;
        let share = end.saturating_duration_since(Instant::now()) / left;
        rows.push(row(&mut systems, &load, arguments.samples, share).await?);
    }
    if arguments.json {
        say!("{}", json!(rows.iter().map(Row::json).collect::<Vec<_>>()));
    } else {
        print(&rows);
    }
    Ok(rows)
}

async fn prepare(arguments: &Arguments, life: &Life) -> anyhow::Result<(Systems, Load)> {
    let key = new_secret()?;
    let stack =
        Box::pin(Stack::start(arguments.stack.clone().beside_others(), free_port(), &key, life)).await?;
    let model = stack.inference.models().into_iter().next().context("no model is served")?;
    let package = Store::open(arguments.stack.models_folder())?.package(&model)?;
    let options = arguments.stack.engine.runtime.options();
    let bare = OnnxModel::load(&stack.runtime, &package.model_path(), package.manifest(), &options)?;

    // Cut the text to the wanted number of tokens, by words, so that both ways in see the same prompt.
    let tokenizer = package.tokenizer()?;
    let mut prompt = String::new();
    let mut tokens = Vec::new();
    for word in PROSE.split_inclusive(' ').cycle().take(arguments.context * 2) {
        if tokens.len() >= arguments.context {
            break;
        }
        prompt.push_str(word);
        tokens = tokenizer.encode(prompt.trim_end(), Specials::Parse)?;
    }
    let prompt = prompt.trim_end().to_owned();
    let load = Load { model: model.clone(), prompt, tokens, streams: 0, length: arguments.tokens };
    let engine = stack.inference.engine(&model)?;
    Ok((Systems { bare, engine, connection: Connection::local(stack.api, key)? }, load))
}

/// Takes turns until every system has enough clean samples, or three times as many were tried, or the time is over.
async fn row(systems: &mut Systems, load: &Load, samples: usize, limit: Duration) -> anyhow::Result<Row> {
    let began = Instant::now();
    let mut row = Row { streams: load.streams, ..Row::default() };
    through_engine(&systems.engine, load).await?;
    for _ in 0..samples * 3 {
        row.model.take(async { through_model(&mut systems.bare, load) }).await?;
        row.engine.take(through_engine(&systems.engine, load)).await?;
        row.grpc.take(through_grpc(&systems.connection, load)).await?;
        if row.clean() >= samples || began.elapsed() >= limit {
            break;
        }
    }
    Ok(row)
}

impl Row {
    fn clean(&self) -> usize {
        self.model.clean().min(self.engine.clean()).min(self.grpc.clean())
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "streams": self.streams,
            "model": self.model.median(),
            "engine": self.engine.median(),
            "grpc": self.grpc.median(),
            "engine_to_model": self.engine.ratio(&self.model),
            "grpc_to_engine": self.grpc.ratio(&self.engine),
            "clean_samples": self.clean(),
        })
    }
}

fn print(rows: &[Row]) {
    say!(
        "| streams | model tok/s | engine tok/s | gRPC tok/s | engine / model | gRPC / engine | clean samples |"
    );
    say!("|---|---|---|---|---|---|---|");
    for row in rows {
        say!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.3} | {:.3} | {} |",
            row.streams,
            row.model.median(),
            row.engine.median(),
            row.grpc.median(),
            row.engine.ratio(&row.model),
            row.grpc.ratio(&row.engine),
            row.clean(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_without_a_clean_sample_is_called_that() {
        let row = |streams, clean: bool| {
            let samples = || Samples::of(&[(100.0, if clean { 0.0 } else { 0.5 })]);
            Row { streams, model: samples(), engine: samples(), grpc: samples() }
        };
        assert_eq!(unproved_loads(&[row(1, true), row(4, true)]), None);
        let one = unproved_loads(&[row(1, true), row(4, false)]).unwrap();
        assert!(one.starts_with("no sample was clean at 4 streams"), "{one}");
        let all = unproved_loads(&[row(1, false), row(4, false)]).unwrap();
        assert!(all.starts_with("no sample was clean; the figures prove nothing"), "{all}");
    }
}
