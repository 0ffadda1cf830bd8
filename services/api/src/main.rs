//! The api service.

use std::process::ExitCode;

use api::{ApiError, Arguments, start};
use runtime::{Life, Service};

const SERVICE: Service = Service {
    name: "api",
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("ONDOL_COMMIT"),
    about: "The public door: authenticates, validates and forwards",
    admin_addr: "127.0.0.1:9401",
    computes: false,
    logs: telemetry::Output::Stdout,
};

fn main() -> ExitCode {
    runtime::run(SERVICE, async |arguments: Arguments, life: Life| -> Result<(), ApiError> {
        start(arguments, life).await.map(drop)
    })
}
