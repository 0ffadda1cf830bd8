//! `ondol call`: any rpc, as JSON.

mod describe;
mod exchange;
mod find;
mod header;
mod raw;
mod reflection;
mod request;

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use transcoding::{Rpc, Scope, Transcoder};

use crate::{client::Connection, misuse::Misuse};
use header::Header;

/// What to call, and with what.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ondol call                                  # lists services and their methods\n  \
                        ondol call CountTokens --describe\n  \
                        ondol call CountTokens '{\"model\": \"smollm2-135m-instruct\", \"prompt\": \"Hello\"}'\n  \
                        ondol call CreateJob --example > job.json   # to be edited\n  \
                        ondol call CreateJob @job.json\n\n\
                  A stream is answered with one JSON document a line, as they come; Ctrl-C ends the call."
)]
pub(crate) struct Arguments {
    /// The method: SERVICE/METHOD, or as much of its end as tells it apart, such as `CountTokens`; none: all are listed
    #[arg(value_name = "METHOD")]
    method: Option<String>,
    /// The request: JSON, `-` for standard input, or @FILE [default: one without fields]
    #[arg(value_name = "JSON")]
    request: Option<String>,
    #[command(flatten)]
    connection: Connection,
    /// Show what it takes and answers, field by field, and call nothing
    #[arg(long, requires = "method", conflicts_with_all = ["request", "example"])]
    describe: bool,
    /// Print an example of a request alone, and call nothing
    #[arg(long, requires = "method", conflicts_with = "request")]
    example: bool,
    /// A header of the call, repeatable
    #[arg(long = "header", value_name = "NAME:VALUE", value_parser = header::parse)]
    headers: Vec<Header>,
    /// How long the call may take; 30m is also the most [default: 30m]
    #[arg(long, value_name = "DURATION", value_parser = arguments::positive_duration)]
    deadline: Option<Duration>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // What this program was built with; where the server has more, it is asked.
    let contract = Transcoder::new(proto::DESCRIPTORS, &Scope::default())?;
    let Some(method) = &arguments.method else {
        describe::list(&contract);
        return Ok(());
    };
    let rpc = meant(&contract, method, &arguments.connection).map_err(Misuse::of)?;
    if arguments.describe {
        return describe::whole(&rpc);
    }
    if arguments.example {
        return describe::example(&rpc);
    }
    let message = request::message(&rpc, arguments.request.as_deref()).map_err(Misuse::of)?;
    let (headers, deadline) = (&arguments.headers, arguments.deadline);
    arguments
        .connection
        .block_on(async |client| exchange::run(&client, &rpc, message, (headers, deadline)).await)
}

/// The method, whoever knows it.
fn meant(contract: &Transcoder, method: &str, connection: &Connection) -> anyhow::Result<Rpc> {
    match find::find(contract, method)? {
        Some(rpc) => Ok(rpc),
        None => theirs(connection, method).with_context(|| find::unknown(contract, method)),
    }
}

/// A method that this program does not know, where the server does. That none can be asked is no news beside its name.
fn theirs(connection: &Connection, method: &str) -> Option<Rpc> {
    let found = connection.block_on(async |client| {
        let contract = reflection::contract(&client).await?;
        find::find(&contract, method)
    });
    found.ok().flatten()
}
