//! The settings of a process that runs a command and ends.

use std::ffi::OsString;

use clap::Parser;

#[derive(Parser)]
struct Process {
    #[command(flatten)]
    arguments: runtime::Arguments,
}

/// A process that says only what went wrong, with its admin port out of everybody's way. The environment still holds.
pub(crate) fn quiet() -> runtime::Arguments {
    saying("warn")
}

/// One that says nothing of what it is meant to see fail.
pub(crate) fn silent() -> runtime::Arguments {
    saying("off")
}

fn saying(filter: &str) -> runtime::Arguments {
    let filter = format!("--log-filter={filter}");
    let given = ["ondol", "--admin-addr=127.0.0.1:0", &filter];
    match Process::try_parse_from(given.map(OsString::from)) {
        Ok(process) => process.arguments,
        // A variable of the environment that cannot be read.
        Err(refusal) => refusal.exit(),
    }
}
