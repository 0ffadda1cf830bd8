//! Steps over windows of the pool: inputs filled, bounds checked, bindings kept for the next time.

use std::error::Error;

use ort::{
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::Session,
    value::DynTensor,
};

use super::{
    ExecutionProvider, OnnxOptions,
    binding::{Buffer, CachePart, Extent, Graph, Memory, Window},
    signature::Signature,
};
use crate::{EngineError, Geometry};

/// Windows that stay bound. Binding one costs about a hundred microseconds, and 64 of them well under a megabyte a
/// layer; a full pool of 16 slots has at most 136.
const MAX_WINDOWS: usize = 64;

/// A graph with its pool and the windows that were used lately.
pub(super) struct Bindings {
    graph: Graph,
    geometry: Geometry,
    signature: Signature,
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
        let slot_bytes = signature.kv_heads * capacity * signature.head_dim * signature.cache_bytes;
        let bytes = slot_bytes * slots * signature.layers * 2;
        let missing = || EngineError::Memory { bytes };
        let device = |error: ort::Error| {
            tracing::error!(%error, bytes, "cannot reserve the key/value pool");
            EngineError::Memory { bytes }
        };
        let cache_device = cache_device(options.execution_provider).map_err(device)?;
        let cache = match options.execution_provider {
            ExecutionProvider::Cpu => (0..2 * signature.layers)
                .map(|_| Buffer::zeroed(slot_bytes * slots).map(CachePart::Host).ok_or_else(missing))
                .collect::<Result<_, _>>()?,
            ExecutionProvider::Cuda => device_cache(&session, &signature, geometry).map_err(device)?,
        };
        let memory = Memory {
            token_ids: Buffer::zeroed(slots.max(capacity)).ok_or_else(missing)?,
            last_positions: Buffer::zeroed(slots).ok_or_else(missing)?,
            longest: Buffer::zeroed(1).ok_or_else(missing)?,
            scores: Buffer::zeroed(slots * vocabulary).ok_or_else(missing)?,
            cache,
        };
        let extent = Extent { capacity, vocabulary, slot_bytes };
        let graph = Graph::new(session, memory, signature.clone(), extent, cache_device).map_err(device)?;
        Ok(Self { graph, geometry, signature, windows: Vec::new() })
    }

    /// Appends `tokens`, the same number for each row of the window (first slot, rows), to the `lengths` tokens that
    /// the rows cache. Returns the rows' scores.
    pub(super) fn run(
        &mut self,
        (first, rows): (usize, usize),
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], Box<dyn Error + Send + Sync>> {
        let each = self.check((first, rows), tokens, lengths)?;
        let memory = &mut self.graph.memory;
        for (input, token) in memory.token_ids.as_mut_slice().iter_mut().zip(tokens) {
            *input = i64::from(*token);
        }
        for (input, length) in memory.last_positions.as_mut_slice().iter_mut().zip(lengths) {
            *input = (length + each - 1) as i32;
        }
        memory.longest.as_mut_slice()[0] = (lengths.iter().max().copied().unwrap_or(0) + each) as i32;

        let mut window = self.window((first, rows))?;
        self.graph.bind_inputs(&mut window, each)?;
        self.graph.run(&window)?;
        self.windows.push(((first, rows), window));
        Ok(&mut self.graph.memory.scores.as_mut_slice()[..rows * self.geometry.vocabulary])
    }

    /// Checks that the step stays inside the pool, which its memory safety rests on. Returns the tokens of each row.
    fn check(
        &self,
        (first, rows): (usize, usize),
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<usize, String> {
        let Geometry { slots, capacity, vocabulary } = self.geometry;
        let each = tokens.len().checked_div(rows).unwrap_or(0);
        let whole = each > 0 && each * rows == tokens.len() && lengths.len() == rows;
        if !whole || first + rows > slots {
            return Err(format!("{} tokens in {rows} rows from slot {first} of {slots}", tokens.len()));
        }
        if let Some(length) = lengths.iter().find(|length| *length + each > capacity) {
            return Err(format!("{each} tokens after {length} do not fit into a slot of {capacity}"));
        }
        match tokens.iter().find(|token| **token as usize >= vocabulary) {
            Some(token) => Err(format!("token {token} is not in the vocabulary of {vocabulary}")),
            None => Ok(each),
        }
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
        let Signature { kv_heads, head_dim, cache_bytes, .. } = self.signature;
        let token_bytes = head_dim * cache_bytes;
        for part in 0..self.graph.memory.cache.len() {
            let CachePart::Host(buffer) = &mut self.graph.memory.cache[part] else {
                // A device copies whole slots faster than it could be told about the heads.
                let source = self.graph.cache_tensor(part, from, 1)?;
                source.copy_into(&mut self.graph.cache_tensor(part, to, 1)?)?;
                continue;
            };
            let bytes = buffer.as_mut_slice();
            for head in 0..kv_heads {
                let start = |slot| (slot * kv_heads + head) * capacity * token_bytes;
                bytes.copy_within(start(from)..start(from) + length * token_bytes, start(to));
            }
        }
        Ok(())
    }

    /// Makes every number of a host pool NaN.
    pub(super) fn poison(&mut self) {
        for part in &mut self.graph.memory.cache {
            if let CachePart::Host(buffer) = part {
                buffer.as_mut_slice().fill(0xff);
            }
        }
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
