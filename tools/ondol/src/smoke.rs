//! `ondol smoke`: does the whole stack work here?

use std::{net::SocketAddr, process::ExitCode};

use anyhow::ensure;
use clap::Args;
use runtime::Life;

use crate::{
    answer::stream,
    ask::{Ask, message},
    client::Connection,
    keys::new_secret,
    process, process_stat,
    stack::{Stack, StackArguments},
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

/// Port 0 of the loopback interface, which stands for any free one.
pub(crate) fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn ask(arguments: Arguments, life: &Life) -> anyhow::Result<()> {
    let key = new_secret()?;
    let stack = Stack::start(arguments.stack, free_port(), &key, life).await?;
    let mut client = Connection::local(stack.api, key)?.connect()?;
    let model = client.model(None).await?;
    let ask = Ask { max_tokens: Some(arguments.max_tokens), ..Ask::default() };
    let request = ask.chat(&model, vec![message("user", &arguments.prompt)]);
    let answer = stream(&mut client, request, |_| Ok(())).await?;
    ensure!(!answer.text.trim().is_empty(), "{model} answered with nothing");

    println!("model        {}", answer.model);
    println!("prompt       {}", arguments.prompt);
    println!("answer       {}", answer.text.trim());
    println!("first token  {:.0} ms", answer.first_token.as_secs_f64() * 1e3);
    println!(
        "speed        {:.1} tokens/s over {} tokens",
        answer.tokens_per_second(),
        answer.usage.completion_tokens
    );
    println!("peak memory  {}", size(process_stat::peak_memory()?));
    Ok(())
}
