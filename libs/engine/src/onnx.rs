//! A decoder run by ONNX Runtime.
//!
//! The graph has `GroupQueryAttention` with past and present keys and values in the same memory, which is a pool of
//! slots that belongs to us. A decode step runs over any contiguous window of slots, each with its own length; a
//! prefill runs over one slot. Both are the same graph, bound to different places of the pool.

mod arguments;
mod binding;
mod bound;
mod library;
mod session;
mod signature;

use std::path::Path;

use models::{Decoder, Manifest};

pub use self::{
    arguments::{ExecutionProvider, OnnxOptions, RuntimeArguments},
    library::{NO_TELEMETRY, Runtime},
};
use self::{bound::Bindings, signature::Signature};
use crate::{DecoderModel, EngineError, Geometry};

/// A model package's graph with its pool of key/value slots.
pub struct OnnxModel {
    geometry: Geometry,
    bindings: Bindings,
}

impl OnnxModel {
    /// Loads the graph at `path`, which `manifest` describes, and runs it once to see that it works.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the graph is not what the manifest says, [`EngineError::ExecutionProvider`] when
    /// the provider is missing or would leave parts of the graph to another, [`EngineError::Memory`] when the pool
    /// cannot be had, [`EngineError::InvalidSetting`].
    pub fn load(
        runtime: &Runtime,
        path: &Path,
        manifest: &Manifest,
        options: &OnnxOptions,
    ) -> Result<Self, EngineError> {
        options.check()?;
        let refuse =
            |problem: &str| EngineError::Model { path: path.to_path_buf(), problem: problem.to_string() };
        let decoder = manifest.decoder.ok_or_else(|| refuse("its manifest has no [decoder] section"))?;
        let geometry = geometry(&decoder, manifest.context, options);
        let session = session::open(runtime, path, options)?;
        let signature = Signature::read(&session, &decoder).map_err(|problem| refuse(&problem))?;
        let mut model = Self { geometry, bindings: Bindings::new(session, signature, geometry, options)? };
        model.probe().map_err(|error| refuse(&format!("a trial run failed: {}", fault::Chain(&error))))?;
        Ok(model)
    }

    /// Fills the whole pool with NaN, touching all of its memory. For tests, which show with it that nothing depends
    /// on stale contents.
    pub fn poison(&mut self) {
        self.bindings.poison();
    }

    /// Graphs that cannot run as this engine runs them show it here rather than in the first request.
    fn probe(&mut self) -> Result<(), EngineError> {
        if self.geometry.capacity > 2 {
            self.prefill(0, &[0, 0], 0)?;
            self.decode(0, &[0], &[2])?;
        }
        Ok(())
    }
}

fn geometry(decoder: &Decoder, context: u32, options: &OnnxOptions) -> Geometry {
    Geometry {
        slots: options.slots,
        // The graph counts positions in 32 bits.
        capacity: options.context.min(context as usize).min(i32::MAX as usize),
        vocabulary: decoder.vocabulary as usize,
    }
}

impl DecoderModel for OnnxModel {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn prefill(&mut self, slot: usize, tokens: &[u32], past: usize) -> Result<&mut [f32], EngineError> {
        self.bindings.run((slot, 1), tokens, &[past]).map_err(|error| EngineError::step("prefill", error))
    }

    fn decode(
        &mut self,
        first_slot: usize,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], EngineError> {
        let window = (first_slot, tokens.len());
        self.bindings.run(window, tokens, lengths).map_err(|error| EngineError::step("decode", error))
    }

    fn copy_slot(&mut self, from: usize, to: usize, length: usize) -> Result<(), EngineError> {
        self.bindings.copy_slot(from, to, length).map_err(|error| EngineError::step("copy", error))
    }
}
