//! `ondol smoke`: does the whole stack work here?

use std::{num::NonZeroUsize, process::ExitCode};

use anyhow::{Context, ensure};
use clap::Args;
use runtime::Life;
use tokio::task::JoinSet;

use crate::{
    answer::{Answer, stream},
    ask::{Ask, message},
    client::Connection,
    keys::new_secret,
    output::say,
    process, process_stat,
    stack::{Stack, StackArguments, free_port},
    text::size,
    up::SERVICE,
};

/// What to ask of which stack.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What to ask the model
    #[arg(long, default_value = "Explain in two sentences what a database index is.")]
    prompt: String,
    /// The most tokens to generate
    #[arg(long, default_value_t = 128, value_name = "N")]
    max_tokens: u32,
    /// How often to ask at once
    #[arg(long, default_value_t = NonZeroUsize::MIN, value_name = "N")]
    streams: NonZeroUsize,
    /// Go on to --max-tokens where the model would end
    #[arg(long)]
    ignore_end: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// Starts the stack on free ports, asks, prints what came and what it took. Exit code 0, or 1 with a reason.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    runtime::launch(SERVICE, &process::quiet(), async |life: Life| -> anyhow::Result<()> {
        ask(arguments, &life).await?;
        life.stop("the answer is complete");
        Ok(())
    })
}

async fn ask(arguments: Arguments, life: &Life) -> anyhow::Result<()> {
    let key = new_secret()?;
    let stack = Box::pin(Stack::start(arguments.stack.beside_others(), free_port(), &key, life)).await?;
    let connection = Connection::local(stack.api, key)?;
    let model = connection.connect()?.model(None).await?;
    let ask = Ask { max_tokens: Some(arguments.max_tokens), ..Ask::default() };
    let mut request = ask.chat(&model, vec![message("user", &arguments.prompt)]);
    request.stop.get_or_insert_default().ignore_end = arguments.ignore_end;

    let mut asked = JoinSet::new();
    for _ in 0..arguments.streams.get() {
        let (mut client, request) = (connection.connect()?, request.clone());
        asked.spawn(async move { stream(&mut client, request, |_| ()).await });
    }
    let mut answers = Vec::new();
    while let Some(answer) = asked.join_next().await {
        answers.push(answer??);
    }
    let answer = answers.first().context("nothing was asked")?;
    ensure!(!answer.text.trim().is_empty(), "{model} answered with nothing");
    ensure!(
        answers.iter().all(|other| other.text == answer.text),
        "{model} answered one question in two ways"
    );

    say!("model        {}", answer.model);
    say!("prompt       {}", arguments.prompt);
    say!("answer       {}", answer.text.trim());
    say!("first token  {:.0} ms", answer.first_token.as_secs_f64() * 1e3);
    let speed: f64 = answers.iter().map(Answer::tokens_per_second).sum();
    let tokens: u32 = answers.iter().map(|answer| answer.usage.completion_tokens).sum();
    say!("speed        {speed:.1} tokens/s over {tokens} tokens in {} streams", answers.len());
    say!("peak memory  {}", size(process_stat::peak_memory()?));
    Ok(())
}
