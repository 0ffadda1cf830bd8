//! `ondol jobs submit`.

mod batch;
mod call_tool;
mod generate;

use std::time::Duration;

use arguments::duration;
use clap::{Args, Subcommand, ValueEnum};
use proto::jobs::v1::{CreateJobRequest, Job, Priority, Webhook};

use super::watch;
use crate::{
    client::{Client, Connection},
    output::say,
};

/// The kinds of jobs.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Generate one text in the background
    Generate(generate::Arguments),
    /// Answer every line of a JSONL file of requests
    Batch(batch::Arguments),
    /// Call a tool in the background
    CallTool(call_tool::Arguments),
}

/// What all kinds share.
#[derive(Args, Clone)]
#[command(next_help_heading = "Job")]
pub(crate) struct Common {
    #[command(flatten)]
    connection: Connection,
    /// How urgent it is
    #[arg(long, value_enum, default_value_t = Urgency::Normal)]
    priority: Urgency,
    /// How long to rest before it may run, such as `10m`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    delay: Option<Duration>,
    /// How long it may wait for a worker before it expires
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires_after: Option<Duration>,
    /// Hand it in once, however often this command is repeated with the same ID
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
    /// Let anybody read its artifacts
    #[arg(long)]
    published: bool,
    /// Where its end is told, signed: see `ondol webhooks`
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Follow it until it ends
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Urgency {
    /// Somebody waits for it
    High,
    /// As most jobs are
    Normal,
    /// Whenever there is room
    Low,
}

/// Runs the command.
pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Generate(arguments) => generate::run(arguments),
        Command::Batch(arguments) => batch::run(arguments),
        Command::CallTool(arguments) => call_tool::run(arguments),
    }
}

impl Common {
    /// Hands the job in and says its name; or what became of it.
    async fn submit(&self, mut client: Client, job: Job) -> anyhow::Result<()> {
        let priority = match self.priority {
            Urgency::High => Priority::High,
            Urgency::Normal => Priority::Normal,
            Urgency::Low => Priority::Low,
        };
        let webhook = self.webhook.clone().map(|url| Webhook { url });
        let job = Job { priority: priority.into(), published: self.published, webhook, ..job };
        let request = CreateJobRequest {
            job: Some(job),
            request_id: self.request_id.clone(),
            delay: self.delay.map(TryInto::try_into).transpose()?,
            expires_after: self.expires_after.map(TryInto::try_into).transpose()?,
        };
        let created = client.jobs().create_job(request).await;
        let job = created.map_err(|status| client.explained(status))?.into_inner();
        say!("{}", job.name);
        if self.watch { watch::follow(&mut client, &job.name).await } else { Ok(()) }
    }
}
