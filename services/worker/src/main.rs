//! The worker service.

use std::process::ExitCode;

use runtime::{Life, Service};
use worker::{Arguments, WorkerError, start};

const SERVICE: Service = Service {
    name: "worker",
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("ONDOL_COMMIT"),
    about: "Takes jobs from the queue, does them, and writes their results to object storage",
    admin_addr: "127.0.0.1:9403",
    computes: false,
    logs: telemetry::Output::Stdout,
};

fn main() -> ExitCode {
    runtime::run(SERVICE, async |arguments: Arguments, life: Life| -> Result<(), WorkerError> {
        start(arguments, life).await
    })
}
