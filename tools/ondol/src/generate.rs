//! `ondol generate`: one prompt, one answer.

use std::io::{self, IsTerminal};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use crate::{
    answer::{Answer, stream},
    ask::{Ask, message},
    client::Connection,
    output::{self, say, tell},
};

/// The prompt and how to answer it.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ondol generate \"Explain in two sentences what a database index is.\"\n  \
                        git diff | ondol generate --system \"Write a commit message for this diff.\" -\n  \
                        ondol generate --raw --max-tokens 20 --json \"Once upon a time\" | jq -r .text"
)]
pub(crate) struct Arguments {
    /// What to say to the model; `-` reads standard input
    prompt: String,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    ask: Ask,
    /// Continue the prompt as it is, without the model's chat template
    #[arg(long, conflicts_with = "system")]
    raw: bool,
    /// Print one JSON object at the end instead of streaming text
    #[arg(long)]
    json: bool,
    /// Print time to first token and tokens per second to standard error
    #[arg(long)]
    stats: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let prompt = prompt(&arguments.prompt)?;
    arguments.connection.block_on(async |mut client| {
        let model = client.model(arguments.ask.model.as_deref()).await?;
        let request = if arguments.raw {
            arguments.ask.plain(&model, prompt)
        } else {
            arguments.ask.chat(&model, vec![message("user", &prompt)])
        };
        let print = |text: &str| {
            if !arguments.json {
                output::text(format_args!("{text}"));
            }
        };
        let answer = stream(&mut client, request, print).await?;
        finish(arguments, &answer);
        Ok(())
    })
}

fn prompt(given: &str) -> anyhow::Result<String> {
    let text = if given == "-" {
        io::read_to_string(io::stdin()).context("reading the prompt from standard input")?
    } else {
        given.to_owned()
    };
    ensure!(!text.is_empty(), "the prompt is empty: give some text, or `-` and text on standard input");
    Ok(text)
}

fn finish(arguments: &Arguments, answer: &Answer) {
    if arguments.json {
        say!(
            "{}",
            json!({
                "model": answer.model,
                "text": answer.text,
                "finish_reason": answer.finish_reason(),
                "usage": {
                    "prompt_tokens": answer.usage.prompt_tokens,
                    "completion_tokens": answer.usage.completion_tokens,
                    "total_tokens": answer.usage.total_tokens,
                },
                "first_token_seconds": answer.first_token.as_secs_f64(),
                "tokens_per_second": answer.tokens_per_second(),
            })
        );
    } else if io::stdout().is_terminal() || !answer.text.ends_with('\n') {
        say!();
    }
    if arguments.stats {
        tell!("{}", answer.summary());
    }
}
