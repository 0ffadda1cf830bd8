//! `ondol up`: the stack on this machine.

mod announce;
mod neighbour;

use std::{net::SocketAddr, process::ExitCode};

use clap::Args;
use runtime::{Life, Service};

use announce::Caller;

use crate::{
    development_key,
    folders::DevelopmentKeyFile,
    output::tell,
    stack::{Stack, StackArguments},
};

/// The stack's settings.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the api is served; port 0 takes a free one
    #[arg(long, env = "ONDOL_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDRESS:PORT",
          value_parser = arguments::address)]
    listen: SocketAddr,
    #[command(flatten)]
    key_file: DevelopmentKeyFile,
    #[command(flatten)]
    stack: StackArguments,
    #[command(flatten)]
    process: runtime::Arguments,
    /// How this program is called, in the lines to copy; a wrapper that calls it sets this
    #[arg(long, env = "ONDOL_CALLED_AS", value_name = "COMMAND", hide = true, default_value_t = program())]
    called_as: String,
}

/// As this process was called.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "ondol".into())
}

/// The program as the runtime knows it.
pub(crate) const SERVICE: Service = Service {
    name: "ondol",
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("ONDOL_COMMIT"),
    about: "The whole stack in one process",
    admin_addr: "127.0.0.1:9400",
    computes: true,
    logs: telemetry::Output::Stderr,
};

/// Runs until Ctrl-C.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let Arguments { listen, key_file, stack, process, called_as } = arguments;
    if neighbour::is_up(process.admin_addr) {
        let admin = process.admin_addr;
        tell!("ondol: Ondol is up already: its admin port answers at http://{admin}");
        tell!("  what to do: end that one, or start another with --listen and --admin-addr");
        return ExitCode::FAILURE;
    }
    runtime::launch(SERVICE, &process, async |life: Life| -> anyhow::Result<()> {
        let key = development_key::read_or_make(&key_file.path)?;
        let stack = Box::pin(Stack::start(stack, listen, &key, &life)).await?;
        announce::print(&stack, &Caller { program: called_as, key, key_file }, &life)?;
        Ok(())
    })
}
