//! Prompt in, stream of tokens out.
//!
//! - [`Engine`] is a model at work on its own thread. [`Engine::admit`] gives a [`Permit`] (bounded, before any work),
//!   [`Permit::generate`] takes a [`Request`] and gives a [`Generation`], a stream of [`Event`]s.
//! - The scheduler (private) batches continuously over a pool of key/value slots: a decode step for all that generate
//!   in every turn, and at most one chunk of one prompt.
//! - [`DecoderModel`] is the seam below it. [`OnnxModel`] runs a package with ONNX Runtime; [`StubModel`] needs
//!   neither weights nor a library and makes every mistake of a scheduler visible.
//! - Sampling, stop strings, and turning tokens into whole characters happen on the engine's thread, between steps.
//! - [`Arguments`] are the command line arguments of all of it.
//!
//! This crate must never know about a transport, a chat template or how a package is made: tokens come in, text goes
//! out. It is the only crate that knows about ONNX Runtime, and `onnx/binding.rs` is its only `unsafe` code.

mod admission;
mod arguments;
mod engine;
mod error;
mod generation;
mod metrics;
mod model;
mod onnx;
mod request;
mod sampling;
mod scheduler;
mod sequence;
mod settings;
mod stub;
mod text;

pub use arguments::Arguments;
pub use engine::{Engine, Health, Permit};
pub use error::EngineError;
pub use generation::{Event, FinishReason, Finished, Generation, Timings, Usage};
pub use model::{DecoderModel, Geometry};
pub use onnx::{ExecutionProvider, NO_TELEMETRY, OnnxModel, OnnxOptions, Runtime, RuntimeArguments};
pub use request::{Request, Sampling, Stop};
pub use settings::{Clock, SchedulerArguments, Settings};
pub use stub::{StubHook, StubModel, StubStep};
