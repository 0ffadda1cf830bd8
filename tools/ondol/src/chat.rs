//! `ondol chat`: a conversation in the terminal.

use anyhow::Context;
use clap::Args;
use proto::inference::v1::Message;
use rustyline::{DefaultEditor, error::ReadlineError};

use crate::{
    answer::{Answer, stream},
    ask::{Ask, message},
    client::{Client, Connection},
    output::{self, say, tell},
};

const HELP: &str = "/reset forgets the conversation, /system TEXT sets its instructions, /stats shows figures,\n\
                    /help shows this, /quit or Ctrl-D ends. Ctrl-C stops an answer.";

/// Whom to talk to, and how it answers.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    ask: Ask,
}

/// Talks until the user is done.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { connection, ask } = arguments;
    connection.block_on(async |mut client| {
        let model = client.model(ask.model.as_deref()).await?;
        say!("Talking to {model}. {HELP}\n");
        let mut chat = Chat { model, ask, turns: Vec::new(), last: None };
        let mut editor = DefaultEditor::new().context("opening the terminal")?;
        while let Some(line) = next_line(&mut editor)? {
            if !chat.take(line.trim(), &mut client).await {
                break;
            }
        }
        Ok(())
    })
}

/// The next line with something in it; none when the user is done. Blocks while the user types: nothing else has to
/// run on this runtime meanwhile.
fn next_line(editor: &mut DefaultEditor) -> anyhow::Result<Option<String>> {
    loop {
        match editor.readline("> ") {
            Ok(line) if line.trim().is_empty() => (),
            Ok(line) => {
                // A line that cannot be remembered is no reason to stop talking.
                let _ = editor.add_history_entry(&line);
                return Ok(Some(line));
            }
            Err(ReadlineError::Interrupted) => say!("(Ctrl-D ends)"),
            Err(ReadlineError::Eof) => return Ok(None),
            Err(error) => return Err(error).context("reading a line"),
        }
    }
}

struct Chat {
    model: String,
    ask: Ask,
    turns: Vec<Message>,
    last: Option<Answer>,
}

impl Chat {
    /// Takes one line. Returns whether to go on.
    async fn take(&mut self, line: &str, client: &mut Client) -> bool {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("/quit" | "/exit", _) => return false,
            ("/help", _) => say!("{HELP}"),
            ("/reset", _) => self.turns.clear(),
            ("/system", text) => self.ask.system = (!text.is_empty()).then(|| text.to_owned()),
            ("/stats", _) => {
                say!("{}", self.last.as_ref().map_or("Nothing yet.".into(), Answer::summary));
            }
            (command, _) if command.starts_with('/') => say!("{command} is unknown. {HELP}"),
            _ => self.answer(line, client).await,
        }
        true
    }

    /// Answers a line; a failure is shown and takes the line back, so that the conversation can go on.
    async fn answer(&mut self, line: &str, client: &mut Client) {
        self.turns.push(message("user", line));
        let request = self.ask.chat(&self.model, self.turns.clone());
        let mut said = String::new();
        let answer = stream(client, request, |text| {
            said.push_str(text);
            output::text(format_args!("{text}"));
        });
        let outcome = tokio::select! {
            outcome = answer => Some(outcome),
            _ = tokio::signal::ctrl_c() => None,
        };
        say!();
        match outcome {
            Some(Ok(answer)) => {
                said.clone_from(&answer.text);
                self.last = Some(answer);
            }
            Some(Err(error)) => {
                tell!("{error:#}");
                said.clear();
            }
            None => say!("(stopped)"),
        }
        if said.is_empty() {
            self.turns.pop();
        } else {
            self.turns.push(message("assistant", &said));
        }
    }
}
