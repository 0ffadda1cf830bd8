//! The same load for each system: so many streams, each of so many tokens.

use std::{future::Future, time::Instant};

use anyhow::Context;
use engine::{DecoderModel, Engine, Event, Request, Stop};
use futures::StreamExt;
use proto::inference::v1::{self as wire, stream_generate_text_response::Event as WireEvent};
use tokio::task::JoinSet;

use super::pace::together;
use crate::client::Connection;

/// How much of what.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// The model's id.
    pub(crate) model: String,
    /// The prompt as text, for requests by gRPC.
    pub(crate) prompt: String,
    /// The same prompt as tokens.
    pub(crate) tokens: Vec<u32>,
    /// Streams at once.
    pub(crate) streams: usize,
    /// Tokens that each generates.
    pub(crate) length: u32,
}

/// Tokens per second of a plain loop over the model: no engine, no sampling but the most likely token.
pub(crate) fn through_model(model: &mut dyn DecoderModel, load: &Load) -> anyhow::Result<f64> {
    let vocabulary = model.geometry().vocabulary;
    let mut last = Vec::with_capacity(load.streams);
    for slot in 0..load.streams {
        last.push(likeliest(model.prefill(slot, &load.tokens, 0)?));
    }
    let mut lengths = vec![load.tokens.len(); load.streams];
    let mut times = Vec::with_capacity(load.length as usize);
    for _ in 0..load.length {
        let scores = model.decode(0, &last, &lengths)?;
        last = scores.chunks_exact(vocabulary).map(likeliest).collect();
        for length in &mut lengths {
            *length += 1;
        }
        times.push(Instant::now());
    }
    together(&vec![times; load.streams]).context("too few tokens to measure")
}

/// The most likely token; in lanes, so that the compiler makes vectors of it and the scan does not show in the figures.
fn likeliest(scores: &[f32]) -> u32 {
    let mut best = [f32::NEG_INFINITY; 16];
    let (lanes, rest) = scores.as_chunks::<16>();
    for lane in lanes {
        for (best, score) in best.iter_mut().zip(lane) {
            *best = if *score > *best { *score } else { *best };
        }
    }
    let top = best.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter().position(|score| *score >= top).unwrap_or_default() as u32
}

/// Tokens per second of the engine, called in this process.
pub(crate) async fn through_engine(engine: &Engine, load: &Load) -> anyhow::Result<f64> {
    at_once(load.streams, || engine_times(engine.clone(), load.clone())).await
}

async fn engine_times(engine: Engine, load: Load) -> anyhow::Result<Vec<Instant>> {
    let request = Request {
        stop: Stop { ignore_end: true, ..Stop::default() },
        max_tokens: Some(load.length),
        ..Request::new(load.tokens)
    };
    let mut events = engine.admit()?.generate(request)?;
    let mut times = Vec::with_capacity(load.length as usize);
    while let Some(event) = events.next().await {
        if matches!(event?, Event::Token { .. }) {
            times.push(Instant::now());
        }
    }
    Ok(times)
}

/// Tokens per second through api and llm-inference, each stream on a connection of its own.
pub(crate) async fn through_grpc(connection: &Connection, load: &Load) -> anyhow::Result<f64> {
    at_once(load.streams, || grpc_times(connection.clone(), load.clone())).await
}

async fn grpc_times(connection: Connection, load: Load) -> anyhow::Result<Vec<Instant>> {
    let mut client = connection.connect()?;
    let request = wire::GenerateTextRequest {
        model: load.model,
        prompt: load.prompt,
        stop: Some(wire::Stop { ignore_end: true, ..wire::Stop::default() }),
        max_tokens: load.length,
        ..wire::GenerateTextRequest::default()
    };
    let events = client.rpc().stream_generate_text(request).await;
    let mut events = events.map_err(|status| client.explained(status))?.into_inner();
    let mut times = Vec::with_capacity(load.length as usize);
    while let Some(event) = events.message().await.map_err(|status| client.explained(status))? {
        if matches!(event.event, Some(WireEvent::Token(_))) {
            times.push(Instant::now());
        }
    }
    Ok(times)
}

async fn at_once<F>(streams: usize, start: impl Fn() -> F) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<Vec<Instant>>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for _ in 0..streams {
        running.spawn(start());
    }
    let mut times = Vec::with_capacity(streams);
    while let Some(ended) = running.join_next().await {
        times.push(ended??);
    }
    together(&times).context("the streams never generated at the same time; give more --tokens")
}
