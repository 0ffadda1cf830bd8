//! `ondol jobs submit batch`.

use std::path::PathBuf;

use clap::Args;
use proto::jobs::v1::{BatchWork, Job, job::Work};

use super::Common;
use crate::{names, output::tell};

/// Which lines to answer.
#[derive(Args)]
#[command(after_help = "Each line is a JSON object as in OpenAI's batches:\n  \
    {\"custom_id\":\"1\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}\n\
    Example: ondol jobs submit batch questions.jsonl --watch\n\n\
    With --request-id, repeat the command with --input and the name that the first run printed: a file that is \
    uploaded again is another input.")]
pub(crate) struct Arguments {
    /// The file of requests, one JSON object a line
    #[arg(required_unless_present = "input")]
    file: Option<PathBuf>,
    /// An input that lies with the server already, as this command or `CreateUploadUrl` named it
    #[arg(long, value_name = "uploads/ID", conflicts_with = "file", value_parser = names::upload)]
    input: Option<String>,
    #[command(flatten)]
    common: Common,
    /// Lines that are answered at the same time [default: 8]
    #[arg(long, value_name = "LINES", default_value_t = 0, hide_default_value = true)]
    concurrency: u32,
    /// The model for lines that name none; by default the first that the server lists
    #[arg(long, short, env = "ONDOL_MODEL", value_name = "ID")]
    model: Option<String>,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { file, input, common, concurrency, model } = arguments;
    common.connection.clone().block_on(async |mut client| {
        let model = client.model(model.as_deref()).await?;
        let input = match (input, file) {
            (Some(input), _) => input,
            (None, file) => {
                let file = file.unwrap_or_default();
                let input = client.upload(&file, "application/jsonl").await?;
                tell!("{} is uploaded as {input}", file.display());
                input
            }
        };
        let work = Some(Work::Batch(BatchWork { input, concurrency, model }));
        common.submit(client, Job { work, ..Job::default() }).await
    })
}
