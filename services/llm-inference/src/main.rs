//! The llm-inference service.

use std::process::ExitCode;

use llm_inference::{Arguments, InferenceError, start};
use runtime::{Life, Service};

const SERVICE: Service = Service {
    name: "llm-inference",
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("ONDOL_COMMIT"),
    about: "Runs language models with ONNX Runtime and serves them by gRPC",
    admin_addr: "127.0.0.1:9402",
    computes: true,
    logs: telemetry::Output::Stdout,
};

fn main() -> ExitCode {
    let (name, value) = engine::NO_TELEMETRY;
    runtime::with_variable(name, value);
    runtime::run(SERVICE, async |arguments: Arguments, life: Life| -> Result<(), InferenceError> {
        start(arguments, life).await.map(drop)
    })
}
