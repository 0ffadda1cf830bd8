//! `ondol bench generate`: what gRPC costs on top of the engine, and the engine on top of the model.

use std::process::ExitCode;

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
    output::say,
    process,
    smoke::free_port,
    stack::{Stack, StackArguments},
    up::SERVICE,
};

const PROSE: &str =
    "The quick brown fox jumps over the lazy dog while the database index speeds up queries. ";

/// How much to measure.
#[derive(Args)]
#[command(
    after_help = "The three systems take turns in one process on one model. A sample during which other processes \
                        used more than 5 % of the processors is thrown away; the table shows medians and how many \
                        samples were clean."
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
    /// Print one JSON array, an object for each row, instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// Measures, prints, ends.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    runtime::launch(SERVICE, &process::quiet(), async |life: Life| -> anyhow::Result<()> {
        measure(arguments, &life).await?;
        life.stop("measured");
        Ok(())
    })
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

async fn measure(arguments: Arguments, life: &Life) -> anyhow::Result<()> {
    let (mut systems, mut load) = prepare(&arguments, life).await?;
    let slots = systems.engine.geometry().slots;
    let possible = arguments.streams.iter().all(|streams| (1..=slots).contains(streams));
    ensure!(possible, "--streams must be 1 to {slots}, the number of --slots");
    let mut rows = Vec::new();
    for streams in arguments.streams {
        load.streams = streams;
        rows.push(row(&mut systems, &load, arguments.samples).await?);
    }
    if arguments.json {
        say!("{}", json!(rows.iter().map(Row::json).collect::<Vec<_>>()));
    } else {
        print(&rows);
    }
    Ok(())
}

async fn prepare(arguments: &Arguments, life: &Life) -> anyhow::Result<(Systems, Load)> {
    let key = new_secret()?;
    let stack = Stack::start(arguments.stack.clone(), free_port(), &key, life).await?;
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

/// Takes turns until every system has enough clean samples, or three times as many were tried.
async fn row(systems: &mut Systems, load: &Load, samples: usize) -> anyhow::Result<Row> {
    let mut row = Row { streams: load.streams, ..Row::default() };
    through_engine(&systems.engine, load).await?;
    for _ in 0..samples * 3 {
        row.model.take(async { through_model(&mut systems.bare, load) }).await?;
        row.engine.take(through_engine(&systems.engine, load)).await?;
        row.grpc.take(through_grpc(&systems.connection, load)).await?;
        if row.clean() >= samples {
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
