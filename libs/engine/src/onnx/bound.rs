//! The pool's memory, copies inside it, and bindings to its windows, kept for the next time.

use std::error::Error;

use ort::{
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::Session,
    value::DynTensor,
};

use super::{
    ExecutionProvider, OnnxOptions,
    binding::{Buffer, CachePart, Graph, Memory, Window},
    signature::Signature,
};
use crate::{EngineError, Geometry};

/// Windows that stay bound. Binding one costs about a hundred microseconds, and 64 of them take well under a megabyte a
/// layer; a full pool of 16 slots has at most 136.
const MAX_WINDOWS: usize = 64;

/// A graph with its pool and the windows that were used lately.
pub(super) struct Bindings {
    graph: Graph,
    geometry: Geometry,
    signature: Signature,
    provider: ExecutionProvider,
    /// The one used last stands last.
    windows: Vec<((usize, usize), Window)>,
}

impl Bindings {
    pub(super) fn new(
        session: Session,
        signature: Signature,
        geometry: Geometry,
        options: &OnnxOptions,
    ) -> Result<Self, EngineError> {
        let Geometry { slots, capacity, vocabulary } = geometry;
        let Signature { layers, kv_heads, head_dim, cache_bytes, .. } = signature;
        // Sizes that overflow are sizes that cannot be had.
        let product = |factors: &[usize]| factors.iter().copied().fold(1, usize::saturating_mul);
        let part_bytes = product(&[slots, kv_heads, capacity, head_dim, cache_bytes]);
        let bytes = product(&[part_bytes, layers, 2]);
        let missing = || EngineError::Memory { bytes };
        let device = |error: ort::Error| {
            tracing::error!(%error, bytes, "cannot reserve the key/value pool");
            EngineError::Memory { bytes }
        };
        let provider = options.execution_provider;
        let cache_device = cache_device(provider).map_err(device)?;
        let cache = match provider {
            ExecutionProvider::Cpu => (0..2 * layers)
                .map(|_| Buffer::zeroed(part_bytes).map(CachePart::Host).ok_or_else(missing))
                .collect::<Result<_, _>>()?,
            ExecutionProvider::Cuda => device_cache(&session, &signature, geometry).map_err(device)?,
        };
        let memory = Memory {
            token_ids: Buffer::zeroed(slots.max(capacity)).ok_or_else(missing)?,
            last_positions: Buffer::zeroed(slots).ok_or_else(missing)?,
            longest: Buffer::zeroed(1).ok_or_else(missing)?,
            scores: Buffer::zeroed(product(&[slots, vocabulary])).ok_or_else(missing)?,
            cache,
        };
        let graph = Graph::new(session, memory, signature.clone(), geometry, cache_device).map_err(device)?;
        Ok(Self { graph, geometry, signature, provider, windows: Vec::new() })
    }

    /// Appends `tokens`, the same number for each row of the window (first slot, rows), to the `lengths` tokens that
    /// the rows cache. Returns the rows' scores.
    pub(super) fn run(
        &mut self,
        key: (usize, usize),
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], Box<dyn Error + Send + Sync>> {
        let mut window = self.window(key)?;
        let scores = self.graph.run(&mut window, tokens, lengths)?;
        self.windows.push((key, window));
        Ok(scores)
    }

    /// Takes the binding of a window out of those that are kept, or makes it.
    fn window(&mut self, key: (usize, usize)) -> ort::Result<Window> {
        if let Some(place) = self.windows.iter().position(|(kept, _)| *kept == key) {
            return Ok(self.windows.remove(place).1);
        }
        if self.windows.len() >= MAX_WINDOWS {
            self.windows.remove(0);
        }
        self.graph.bind(key.0, key.1)
    }

    pub(super) fn copy_slot(&mut self, from: usize, to: usize, length: usize) -> Result<(), ort::Error> {
        let Geometry { slots, capacity, .. } = self.geometry;
        if from >= slots || to >= slots || length > capacity {
            return Err(ort::Error::new(format!("{length} tokens of slot {from} to slot {to} of {slots}")));
        }
        let Signature { layers, kv_heads, head_dim, cache_bytes, .. } = self.signature;
        let token_bytes = head_dim * cache_bytes;
        for part in self.graph.host_cache() {
            for head in 0..kv_heads {
                let start = |slot| (slot * kv_heads + head) * capacity * token_bytes;
                part.copy_within(start(from)..start(from) + length * token_bytes, start(to));
            }
        }
        if self.provider == ExecutionProvider::Cuda {
            // A device copies whole slots faster than it could be told about the heads.
            for part in 0..2 * layers {
                let source = self.graph.cache_tensor(part, from, 1)?;
                source.copy_into(&mut self.graph.cache_tensor(part, to, 1)?)?;
            }
        }
        Ok(())
    }

    /// Makes every number of a host pool NaN.
    pub(super) fn poison(&mut self) {
        self.graph.host_cache().for_each(|part| part.fill(0xff));
    }
}

fn cache_device(provider: ExecutionProvider) -> ort::Result<MemoryInfo<'static>> {
    let device = match provider {
        ExecutionProvider::Cpu => AllocationDevice::CPU,
        ExecutionProvider::Cuda => AllocationDevice::CUDA,
    };
    MemoryInfo::new(device, 0, AllocatorType::Device, MemoryType::Default)
}

fn device_cache(session: &Session, signature: &Signature, geometry: Geometry) -> ort::Result<Vec<CachePart>> {
    let allocator = Allocator::new(session, cache_device(ExecutionProvider::Cuda)?)?;
    let shape = [geometry.slots, signature.kv_heads, geometry.capacity, signature.head_dim];
    (0..2 * signature.layers)
        .map(|_| DynTensor::new(&allocator, signature.cache_type, shape).map(CachePart::Device))
        .collect()
}
