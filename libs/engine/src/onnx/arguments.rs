//! How a model is run: options, and the command line arguments that make them.

use std::{path::PathBuf, thread};

use arguments::positive;

use crate::EngineError;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExecutionProvider {
    /// The processor.
    Cpu,
    /// NVIDIA GPUs. Needs the library of the Python package `onnxruntime-gpu`, CUDA 13 and cuDNN 9.
    Cuda,
}

impl ExecutionProvider {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// How a model is run.
#[derive(Clone, Debug)]
pub struct OnnxOptions {
    /// What computes.
    pub execution_provider: ExecutionProvider,
    /// Threads that compute together, the engine's own included.
    pub threads: usize,
    /// Sequences in the key/value pool.
    pub slots: usize,
    /// Tokens that one slot can cache; the model's own context if that is shorter.
    pub context: usize,
}

impl OnnxOptions {
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let positive =
            [("--slots", self.slots), ("--context-tokens", self.context), ("--threads", self.threads)];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((flag, _)) => {
                Err(EngineError::InvalidSetting { flag, problem: "must be at least 1".to_string() })
            }
            None => Ok(()),
        }
    }
}

impl Default for OnnxOptions {
    fn default() -> Self {
        Self {
            execution_provider: ExecutionProvider::Cpu,
            threads: available_threads(),
            slots: 16,
            context: 2048,
        }
    }
}

/// Processors that this process may use, by its affinity and its control group.
fn available_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The command line arguments that say how a model is run.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Model")]
pub struct RuntimeArguments {
    /// ONNX Runtime's shared library, 1.24 or newer. A bare name is looked for beside the program and where the system
    /// looks for libraries. The Python packages `onnxruntime` and `onnxruntime-gpu` carry it as
    /// onnxruntime/capi/libonnxruntime.so.*; nothing of Python runs.
    #[arg(long, env = "ONDOL_ONNXRUNTIME_LIBRARY", default_value = "libonnxruntime.so", value_name = "FILE")]
    pub onnxruntime_library: PathBuf,

    /// What computes. The start fails if it cannot run the whole model; nothing falls back to the processor silently.
    #[arg(long, env = "ONDOL_EXECUTION_PROVIDER", default_value = "cpu", value_enum)]
    pub execution_provider: ExecutionProvider,

    /// Threads that compute together. Default: the processors that this process may use, by its affinity and its
    /// control group's limit. More than physical cores makes it slower.
    #[arg(long, env = "ONDOL_THREADS", value_name = "N", value_parser = positive::<usize>)]
    pub threads: Option<usize>,

    /// Requests that generate at the same time. Each takes a slot in the key/value pool; further ones wait. More slots
    /// give more tokens per second in all and fewer to each.
    #[arg(long, env = "ONDOL_SLOTS", default_value_t = 16, value_name = "N",
          value_parser = positive::<usize>)]
    pub slots: usize,

    /// The longest sequence, prompt and output together, that a slot can hold. More than the model was made for is cut to
    /// that, with a warning in the log. The pool's memory is reserved for it, but taken only as sequences grow.
    #[arg(long, env = "ONDOL_CONTEXT_TOKENS", default_value_t = 2048, value_name = "TOKENS",
          value_parser = positive::<usize>)]
    pub context_tokens: usize,
}

impl RuntimeArguments {
    /// The options for loading a model.
    pub fn options(&self) -> OnnxOptions {
        OnnxOptions {
            execution_provider: self.execution_provider,
            threads: self.threads.unwrap_or_else(available_threads),
            slots: self.slots,
            context: self.context_tokens,
        }
    }
}
