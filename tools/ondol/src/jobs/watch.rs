//! `ondol jobs watch`.

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use proto::jobs::v1::{Job, State, WatchJobRequest, watch_job_response::Event};
use tokio::{signal::ctrl_c, time::sleep};
use tonic::Code;

use super::row::{is_end, progress_text, state_name};
use crate::{
    client::{Client, Connection},
    names,
    output::{say, tell},
    progress::Bar,
    text::size,
};

/// Between two attempts to go on with a broken watch.
const AGAIN: Duration = Duration::from_secs(1);

/// Which job to follow.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job's name
    #[arg(value_parser = names::job)]
    name: String,
    #[command(flatten)]
    connection: Connection,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.connection.block_on(async |mut client| follow(&mut client, &arguments.name).await)
}

/// Follows a job until it ends; an error unless it ends well. A broken stream goes on where it broke.
pub(super) async fn follow(client: &mut Client, name: &str) -> anyhow::Result<()> {
    tokio::select! {
        biased;
        outcome = follow_to_its_end(client, name) => outcome,
        _ = ctrl_c() => {
            tell!("\n{name} goes on. To follow it again: ondol jobs watch {name}; to stop it: ondol jobs cancel {name}");
            // As a shell has it for a program that was interrupted.
            std::process::exit(130)
        }
    }
}

async fn follow_to_its_end(client: &mut Client, name: &str) -> anyhow::Result<()> {
    let mut view = View::default();
    let mut after = 0;
    loop {
        match part(client, name, &mut after, &mut view).await {
            Ok(Some(job)) => return view.end(&job),
            // A server that ends every stream at once is not asked without a pause either.
            Ok(None) => sleep(AGAIN).await,
            Err(status) if after > 0 && may_go_on(status.code()) => sleep(AGAIN).await,
            Err(status) => return Err(client.explained(status)),
        }
    }
}

fn may_go_on(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::DeadlineExceeded)
}

/// Watches until the stream ends; the job where it ended because the job did.
async fn part(
    client: &mut Client,
    name: &str,
    after: &mut u64,
    view: &mut View,
) -> Result<Option<Job>, tonic::Status> {
    let request = WatchJobRequest { name: name.to_owned(), after: *after };
    let mut events = client.jobs().watch_job(request).await?.into_inner();
    while let Some(message) = events.message().await? {
        *after = (*after).max(message.sequence);
        match message.event {
            Some(Event::Job(job)) if is_end(job.state()) => return Ok(Some(job)),
            Some(Event::Job(job)) => view.state(&job),
            Some(Event::Progress(progress)) => view.progress(progress.done, progress.total),
            Some(Event::Heartbeat(_) | Event::Missed(_)) | None => {}
        }
    }
    Ok(None)
}

/// What is on the terminal.
#[derive(Default)]
struct View {
    bar: Option<Bar>,
    state: Option<State>,
}

impl View {
    fn state(&mut self, job: &Job) {
        if self.state == Some(job.state()) {
            return;
        }
        self.state = Some(job.state());
        self.close();
        let why = if job.failure.is_empty() { String::new() } else { format!("  {}", job.failure) };
        tell!("{}{why}", state_name(job.state()));
    }

    fn progress(&mut self, done: u64, total: u64) {
        // Who comes late may not be told of the state, but only what runs reports progress.
        if self.state.is_none() {
            self.state = Some(State::Running);
            tell!("{}", state_name(State::Running));
        }
        self.bar.get_or_insert_with(|| Bar::counting("Running")).show(done, total);
    }

    fn close(&mut self) {
        self.bar = None;
    }

    fn end(mut self, job: &Job) -> anyhow::Result<()> {
        self.close();
        let progress = job.progress.as_ref().map(progress_text).unwrap_or_default();
        tell!("{}  {progress}", state_name(job.state()));
        for artifact in &job.artifacts {
            say!("{}  {}  {}", artifact.path, artifact.content_type, size(artifact.size_bytes));
        }
        let (failed, lines) = job.progress.as_ref().map(|it| (it.failed, it.total)).unwrap_or_default();
        match job.state() {
            State::Succeeded if failed > 0 && job.kind == "call_tool" => {
                bail!("{}: the tool could not do what was asked; answer.json says why", job.name)
            }
            State::Succeeded if failed > 0 && failed == lines => {
                bail!("{}: none of {lines} lines has an answer; output.jsonl says why", job.name)
            }
            State::Succeeded if failed > 0 => {
                tell!("{failed} of {lines} lines have no answer: output.jsonl says why");
                Ok(())
            }
            State::Succeeded => Ok(()),
            state if job.failure.is_empty() => bail!("{} is {}", job.name, state_name(state)),
            state => bail!("{} is {}: {}", job.name, state_name(state), job.failure),
        }
    }
}
