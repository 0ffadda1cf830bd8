//! Opening a graph, on the execution provider that was asked for and on no other.

use std::path::Path;

use ort::{
    ep::{self, ExecutionProvider as _},
    logging::LogLevel,
    session::{
        Session,
        builder::{GraphOptimizationLevel, SessionBuilder},
    },
};

use super::{ExecutionProvider, OnnxOptions, Runtime, binding};
use crate::EngineError;

/// Opens the graph at `path`.
pub(super) fn open(runtime: &Runtime, path: &Path, options: &OnnxOptions) -> Result<Session, EngineError> {
    let refuse = |problem: String| EngineError::Model { path: path.to_path_buf(), problem };
    let builder = configure(runtime, options.threads).map_err(|error| refuse(error.to_string()))?;
    match options.execution_provider {
        ExecutionProvider::Cpu => {
            let mut builder = on_processor(builder).map_err(|error| refuse(error.to_string()))?;
            builder.commit_from_file(path).map_err(|error| refuse(error.to_string()))
        }
        ExecutionProvider::Cuda => on_cuda(builder, path),
    }
}

fn configure(runtime: &Runtime, threads: usize) -> ort::Result<SessionBuilder> {
    Ok(Session::builder(runtime.environment())?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_log_level(LogLevel::Warning)?
        // Patterns are kept for each shape of input, and every prompt length is another one.
        .with_memory_pattern(false)?)
}

fn on_processor(builder: SessionBuilder) -> ort::Result<SessionBuilder> {
    Ok(builder.with_execution_providers([ep::CPU::default().with_arena_allocator(true).build()])?)
}

fn on_cuda(builder: SessionBuilder, path: &Path) -> Result<Session, EngineError> {
    let refuse = |problem: String| EngineError::ExecutionProvider { provider: "cuda", problem };
    if !ep::CUDA::is_available().unwrap_or(false) {
        return Err(refuse(
            "the ONNX Runtime library was built without CUDA; give the one of the Python package `onnxruntime-gpu` \
             with --onnxruntime-library, or --execution-provider cpu"
                .to_string(),
        ));
    }
    let cuda = ep::CUDA::default().with_arena_extend_strategy(ep::ArenaExtendStrategy::SameAsRequested);
    let session = builder
        .with_execution_providers([cuda.build().error_on_failure()])
        .and_then(SessionBuilder::with_disable_cpu_fallback)
        .map_err(|error| refuse(error.to_string()))
        .and_then(|mut builder| builder.commit_from_file(path).map_err(|error| refuse(error.to_string())))?;
    // The runtime has been seen to fall back although it was told not to.
    match binding::output_devices(&session)
        .map_err(|error| refuse(error.to_string()))?
        .iter()
        .find(|d| *d != "Cuda")
    {
        Some(device) => Err(refuse(format!("it would leave results on the device `{device}`"))),
        None => Ok(session),
    }
}
