//! `ondol call`: any rpc, as JSON.

mod describe;
mod exchange;
mod find;
mod header;
mod raw;
mod reflection;
mod request;

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use transcoding::{Rpc, Scope, Transcoder};

use crate::{client::Connection, misuse::Misuse};
use header::Header;

const NOT_ASKED: &str = "the server may know it, and could not be asked";

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

/// The method, whoever knows it: this program, or else the server.
fn meant(contract: &Transcoder, method: &str, connection: &Connection) -> anyhow::Result<Rpc> {
    if let Some(rpc) = find::find(contract, method)? {
        return Ok(rpc);
    }
    match connection.block_on(async |client| reflection::contract(&client).await) {
        Ok(theirs) => find::find(&theirs, method)?.with_context(|| find::unknown(contract, method)),
        // Whoever has no key must not be told that the name is wrong: with one it may be found.
        Err(error) => bail!("{}\n  {NOT_ASKED}: {error:#}", find::unknown(contract, method)),
    }
}
