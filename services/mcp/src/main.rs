//! The mcp service.

use std::process::ExitCode;

use mcp::{Arguments, McpError, start};
use runtime::{Life, Service};

const SERVICE: Service = Service {
    name: "mcp",
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("ONDOL_COMMIT"),
    about: "Tools over S3 and other APIs, by gRPC and by the Model Context Protocol",
    admin_addr: "127.0.0.1:9404",
    computes: false,
    logs: telemetry::Output::Stdout,
};

fn main() -> ExitCode {
    runtime::run(SERVICE, async |arguments: Arguments, life: Life| -> Result<(), McpError> {
        start(arguments, life).await.map(drop)
    })
}
