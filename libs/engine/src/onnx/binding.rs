//! The one module with `unsafe` code: memory of ours that ONNX Runtime reads and writes in place.
//!
//! The safe interface of `ort` cannot do this: binding a borrowed tensor clones it, and then a step would write its
//! keys and values into the clone. So tensors are made over raw memory here and bound as if they were owned.
//!
//! What makes it sound, all of it in this file: a [`Graph`] owns the session and the memory that its bindings point to.
//! That memory is private, never moves and lives as long as the graph. The runtime touches it only inside
//! [`Graph::run`], which borrows the graph exclusively, so no slice into it exists meanwhile. `run` takes only windows
//! of its own graph and checks that every row ends inside its slot; a tensor is made only where its shape fits into
//! the memory, so the runtime stays inside the window.

#![expect(
    unsafe_code,
    reason = "ONNX Runtime works in place on memory of ours; see the module's documentation"
)]

use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    error::Error,
    ffi::c_void,
    ptr::{NonNull, null, null_mut},
    slice,
};

use ort::{
    AsPointer,
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::{IoBinding, Session},
    sys,
    value::{DynTensor, TensorElementType},
};

use super::signature::{Signature, cache_names};
use crate::Geometry;

/// What the runtime's kernels may expect of memory that they did not allocate; the elements of a cache that is a buffer
/// of bytes are wider than a byte. A larger alignment would make the allocator write the zeros itself, and so take all
/// of a pool's memory at the start.
const ALIGNMENT: usize = 16;

/// Numbers for which any bits, zero among them, are a valid value.
pub(super) trait Plain: Copy {
    const ELEMENT: TensorElementType;
}

impl Plain for u8 {
    const ELEMENT: TensorElementType = TensorElementType::Uint8;
}

impl Plain for i32 {
    const ELEMENT: TensorElementType = TensorElementType::Int32;
}

impl Plain for i64 {
    const ELEMENT: TensorElementType = TensorElementType::Int64;
}

impl Plain for f32 {
    const ELEMENT: TensorElementType = TensorElementType::Float32;
}

/// Zeroed memory that stays where it is. Large buffers take real memory page by page, when it is first written.
pub(super) struct Buffer<T: Plain> {
    start: NonNull<T>,
    len: usize,
    layout: Layout,
}

// SAFETY: a buffer owns its memory as a `Box<[T]>` does, and numbers can be sent anywhere.
unsafe impl<T: Plain> Send for Buffer<T> {}

impl<T: Plain> Buffer<T> {
    /// `len` zeros, or `None` where that much memory cannot be had.
    pub(super) fn zeroed(len: usize) -> Option<Self> {
        let layout = Layout::array::<T>(len.max(1)).ok()?.align_to(ALIGNMENT).ok()?;
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) })?.cast();
        Some(Self { start, len, layout })
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the memory was allocated zeroed with this length, any bits are a valid `T`, and the exclusive
        // borrow of the buffer is the only way to it: the runtime uses its pointers only inside `Graph::run`.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: Plain> Drop for Buffer<T> {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeroed` with this layout, freed once.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) }
    }
}

/// One layer's keys or values for all slots.
pub(super) enum CachePart {
    Host(Buffer<u8>),
    /// In a device's memory, which the processor cannot read.
    Device(DynTensor),
}

impl CachePart {
    /// Where it starts, and its size in bytes.
    fn span(&self, element_bytes: usize) -> (*mut c_void, usize) {
        match self {
            Self::Host(buffer) => (buffer.start.as_ptr().cast(), buffer.len),
            Self::Device(tensor) => {
                (tensor.data_ptr().cast_mut(), tensor.shape().num_elements() * element_bytes)
            }
        }
    }
}

/// The memory that bindings point to.
pub(super) struct Memory {
    pub(super) token_ids: Buffer<i64>,
    pub(super) last_positions: Buffer<i32>,
    pub(super) longest: Buffer<i32>,
    pub(super) scores: Buffer<f32>,
    /// Keys and values of each layer in turn.
    pub(super) cache: Vec<CachePart>,
}

/// A session with the memory that it works on.
pub(super) struct Graph {
    /// Before the session, because fields are dropped in this order: memory on a device must go back while the
    /// session's allocator lives.
    memory: Memory,
    session: Session,
    signature: Signature,
    geometry: Geometry,
    processor: MemoryInfo<'static>,
    cache_device: MemoryInfo<'static>,
    allocator: Allocator,
}

/// The graph bound to a window of slots.
pub(super) struct Window {
    io: IoBinding,
    /// The address of the session, which lives as long as `io` does: tells windows of other graphs apart.
    session: usize,
    first: usize,
    rows: usize,
    /// Tokens in a row of the bound `input_ids`.
    tokens: usize,
}

impl Graph {
    pub(super) fn new(
        session: Session,
        memory: Memory,
        signature: Signature,
        geometry: Geometry,
        cache_device: MemoryInfo<'static>,
    ) -> ort::Result<Self> {
        let allocator = Allocator::default();
        let processor =
            MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::Default)?;
        Ok(Self { memory, session, signature, geometry, processor, cache_device, allocator })
    }

    /// The parts of the cache that lie in the processor's memory.
    pub(super) fn host_cache(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.memory.cache.iter_mut().filter_map(|part| match part {
            CachePart::Host(buffer) => Some(buffer.as_mut_slice()),
            CachePart::Device(_) => None,
        })
    }

    /// Binds everything but the inputs to the `rows` slots from `first` on.
    pub(super) fn bind(&self, first: usize, rows: usize) -> ort::Result<Window> {
        let mut io = self.session.create_binding()?;
        for layer in 0..self.signature.layers {
            for (part, (past, present)) in cache_names(layer).into_iter().enumerate() {
                let mut tensor = self.cache_tensor(2 * layer + part, first, rows)?;
                io.bind_input(past, &tensor)?;
                io.bind_output(present, &mut tensor)?;
            }
        }
        let vocabulary = self.geometry.vocabulary as i64;
        let shape = if self.signature.logits_by_token {
            vec![rows as i64, 1, vocabulary]
        } else {
            vec![rows as i64, vocabulary]
        };
        io.bind_output("logits", &mut self.host_tensor(&self.memory.scores, &shape)?)?;
        Ok(Window { io, session: self.session.ptr().addr(), first, rows, tokens: 0 })
    }

    /// Binds the inputs of `window` for `tokens` tokens in each row. On a device this also copies them there.
    fn bind_inputs(&self, window: &mut Window, tokens: usize) -> ort::Result<()> {
        let on_host = self.cache_device == self.processor;
        if on_host && window.tokens == tokens {
            return Ok(());
        }
        let rows = window.rows as i64;
        window
            .io
            .bind_input("input_ids", &self.host_tensor(&self.memory.token_ids, &[rows, tokens as i64])?)?;
        if window.tokens == 0 || !on_host {
            window.io.bind_input("seqlens_k", &self.host_tensor(&self.memory.last_positions, &[rows])?)?;
            let shape: &[i64] = if self.signature.total_is_vector { &[1] } else { &[] };
            window.io.bind_input("total_sequence_length", &self.host_tensor(&self.memory.longest, shape)?)?;
        }
        window.tokens = tokens;
        Ok(())
    }

    /// Appends `tokens`, the same number for each row of `window`, to the `lengths` tokens that the rows cache. Returns
    /// the rows' scores.
    pub(super) fn run(
        &mut self,
        window: &mut Window,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], Box<dyn Error + Send + Sync>> {
        let each = self.check(window, tokens, lengths)?;
        for (input, token) in self.memory.token_ids.as_mut_slice().iter_mut().zip(tokens) {
            *input = i64::from(*token);
        }
        for (input, length) in self.memory.last_positions.as_mut_slice().iter_mut().zip(lengths) {
            *input = (length + each - 1) as i32;
        }
        self.memory.longest.as_mut_slice()[0] = (lengths.iter().max().copied().unwrap_or(0) + each) as i32;
        self.bind_inputs(window, each)?;
        // SAFETY: both pointers are valid, and all that is bound lies in `self.memory`, which is borrowed exclusively.
        // The session is used by one thread at a time for the same reason. This is what `Session::run_binding` does,
        // without wrapping 61 outputs that nobody looks at.
        unsafe {
            let session = self.session.ptr().cast_mut();
            ort::Error::result_from_status((ort::api().RunWithBinding)(session, null(), window.io.ptr()))?;
        }
        Ok(&mut self.memory.scores.as_mut_slice()[..window.rows * self.geometry.vocabulary])
    }

    /// Checks that the step stays inside the pool, which its memory safety rests on. Returns the tokens of each row.
    fn check(&self, window: &Window, tokens: &[u32], lengths: &[usize]) -> Result<usize, String> {
        let Geometry { slots, capacity, vocabulary } = self.geometry;
        let &Window { first, rows, .. } = window;
        if window.session != self.session.ptr().addr() {
            return Err("a window of another graph".to_string());
        }
        let each = tokens.len().checked_div(rows).unwrap_or(0);
        if each == 0 || each * rows != tokens.len() || lengths.len() != rows {
            return Err(format!("{} tokens in {rows} rows from slot {first} of {slots}", tokens.len()));
        }
        if let Some(length) = lengths.iter().find(|length| length.saturating_add(each) > capacity) {
            return Err(format!("{each} tokens after {length} do not fit into a slot of {capacity}"));
        }
        match tokens.iter().find(|token| **token as usize >= vocabulary) {
            Some(token) => Err(format!("token {token} is not in the vocabulary of {vocabulary}")),
            None => Ok(each),
        }
    }

    /// Slots `first..first + rows` of one part of the cache. An error where the pool has no such slots.
    pub(super) fn cache_tensor(&self, part: usize, first: usize, rows: usize) -> ort::Result<DynTensor> {
        let Signature { kv_heads, head_dim, cache_type, cache_bytes, .. } = self.signature;
        let Geometry { slots, capacity, .. } = self.geometry;
        let slot_bytes = kv_heads * capacity * head_dim * cache_bytes;
        let (start, size) = self.memory.cache[part].span(cache_bytes);
        if first.saturating_add(rows) > slots || slots * slot_bytes > size {
            return Err(ort::Error::new(format!("{rows} rows from slot {first} of {slots}")));
        }
        let shape = [rows as i64, kv_heads as i64, capacity as i64, head_dim as i64];
        // SAFETY: the slot exists, and the part has memory for all slots.
        let start = unsafe { start.byte_add(first * slot_bytes) };
        self.tensor((start, rows * slot_bytes), cache_type, &shape, &self.cache_device)
    }

    fn host_tensor<T: Plain>(&self, buffer: &Buffer<T>, shape: &[i64]) -> ort::Result<DynTensor> {
        let len = shape.iter().product::<i64>() as usize;
        if len > buffer.len {
            return Err(ort::Error::new(format!("{shape:?} does not fit into {} elements", buffer.len)));
        }
        let bytes = len * size_of::<T>();
        self.tensor((buffer.start.as_ptr().cast(), bytes), T::ELEMENT, shape, &self.processor)
    }

    fn tensor(
        &self,
        (start, bytes): (*mut c_void, usize),
        element: TensorElementType,
        shape: &[i64],
        device: &MemoryInfo<'_>,
    ) -> ort::Result<DynTensor> {
        let mut value: *mut sys::OrtValue = null_mut();
        // SAFETY: the memory lies in `self.memory`, which outlives every run, and the shape fits into it. The runtime
        // only records the address here.
        unsafe {
            ort::Error::result_from_status((ort::api().CreateTensorWithDataAsOrtValue)(
                device.ptr(),
                start,
                bytes,
                shape.as_ptr(),
                shape.len(),
                element.into(),
                &raw mut value,
            ))?;
        }
        let value = NonNull::new(value).ok_or_else(|| ort::Error::new("the runtime made no tensor"))?;
        // SAFETY: a new tensor value, whose only owner this becomes. It does not own the memory, so the allocator is
        // not used to free anything.
        Ok(unsafe { DynTensor::from_ptr(value, Some(&self.allocator)) })
    }
}

/// The device of each output of a session, by the runtime's names, such as `Cpu` and `Cuda`.
pub(super) fn output_devices(session: &Session) -> ort::Result<Vec<String>> {
    let mut infos = vec![null(); session.outputs().len()];
    // SAFETY: the array has room for one pointer for each output; the pointers are to data of the session.
    unsafe {
        let status =
            (ort::api().SessionGetMemoryInfoForOutputs)(session.ptr(), infos.as_mut_ptr(), infos.len());
        ort::Error::result_from_status(status)?;
    }
    infos.into_iter().map(device_name).collect()
}

fn device_name(info: *const sys::OrtMemoryInfo) -> ort::Result<String> {
    let mut name = null();
    // SAFETY: the runtime gave the pointer for a session that is alive, and gives a string that lives as long.
    unsafe {
        ort::Error::result_from_status((ort::api().MemoryInfoGetName)(info, &raw mut name))?;
        Ok(std::ffi::CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}
