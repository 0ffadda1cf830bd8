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
use transcoding::{Limits, Rpc, Scope, Transcoder};

use crate::{
    client::{Client, Connection},
    misuse::Misuse,
};
use exchange::Options;
use header::Header;

const NOT_ASKED: &str = "the server may know it, and could not be asked";

/// What servers answer to everybody: load balancers have no key, and the contract is no secret.
const OPEN: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];

/// What to call, and with what.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ondol call                                  # lists services and their methods\n  \
                        ondol call CountTokens --describe\n  \
                        ondol call CountTokens '{\"model\": \"smollm2-135m-instruct\", \"prompt\": \"Hello\"}'\n  \
                        ondol call CreateJob --example > job.json   # to be edited\n  \
                        ondol call CreateJob @job.json\n  \
                        ondol call grpc.health.v1.Health/Check         # needs no key\n\n\
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
    /// The largest message that is sent, as JSON, and that is taken
    #[arg(long, value_name = "BYTES", default_value_t = 4 * 1024 * 1024)]
    max_message_bytes: usize,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let most = arguments.max_message_bytes;
    let limits = Limits { body_bytes: most, answer_bytes: most, ..Limits::default() };
    let scope = Scope { limits, ..Scope::default() };
    // What this program was built with; where the server has more, it is asked.
    let contract = Transcoder::new(proto::DESCRIPTORS, &scope)?;
    let Some(method) = &arguments.method else {
        describe::list(&contract);
        return Ok(());
    };
    let connection = &arguments.connection;
    let rpc = meant((&contract, &scope), method, connection).map_err(Misuse::of)?;
    if arguments.describe {
        return describe::whole(&rpc);
    }
    if arguments.example {
        return describe::example(&rpc);
    }
    let message = request::message(&rpc, arguments.request.as_deref(), most).map_err(Misuse::of)?;
    let options = Options { headers: &arguments.headers, deadline: arguments.deadline, most };
    let call = async |client: Client| exchange::run(&client, &rpc, message, &options).await;
    let is_open = OPEN.iter().any(|open| rpc.path().starts_with(open));
    if is_open { connection.block_on_open(call) } else { connection.block_on(call) }
}

/// The method, whoever knows it: this program, or else the server.
fn meant(
    (contract, scope): (&Transcoder, &Scope),
    method: &str,
    connection: &Connection,
) -> anyhow::Result<Rpc> {
    if let Some(rpc) = find::find(contract, method)? {
        return Ok(rpc);
    }
    match connection.block_on_open(async |client| reflection::contract(&client, scope).await) {
        Ok(theirs) => find::find(&theirs, method)?.with_context(|| find::unknown(contract, method)),
        // Whoever reached nobody must not be told that the name is wrong: the server may have it.
        Err(error) => bail!("{}\n  {NOT_ASKED}: {error:#}", find::unknown(contract, method)),
    }
}
