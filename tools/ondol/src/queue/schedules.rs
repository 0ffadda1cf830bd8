//! `ondol queue schedules`.

use std::time::SystemTime;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use jobs::{Missed, Name, Payload, Priority, Queue, Schedule};
use prost::Message;
use proto::{
    inference::v1::GenerateTextRequest,
    jobs::v1::{BatchWork, GenerateTextWork},
};
use serde_json::{Value, json};

use super::Place;
use crate::{names, output::say};

/// What to do with schedules.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List them
    List(List),
    /// Add one, or change the one of that name; its next time is counted from now
    Set(Box<Set>),
    /// Remove one; what it started goes on
    Remove(Remove),
}

/// How to print them.
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    /// Print one JSON array, for scripts
    #[arg(long)]
    json: bool,
}

/// What to start, when, and for whom.
#[derive(Args)]
#[command(after_help = "Example: ondol queue schedules set nightly --cron \"0 3 * * *\" --zone Asia/Seoul \
                        --owner dev --prompt \"Write a report.\" --model smollm2-135m-instruct")]
pub(crate) struct Set {
    /// The schedule's name
    name: String,
    #[command(flatten)]
    place: Place,
    /// When: minute, hour, day of month, month, day of week
    #[arg(long, value_name = "CRON")]
    cron: String,
    /// The IANA time zone in which that is meant
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// What becomes of times at which no worker was there
    #[arg(long, value_enum, default_value_t = Late::Once)]
    missed: Late,
    /// The name of the key whose jobs these are
    #[arg(long, value_name = "KEY")]
    owner: String,
    /// Generate text from this prompt
    #[arg(long, required_unless_present = "input", requires = "model")]
    prompt: Option<String>,
    /// Answer the lines of this upload of the owner's
    #[arg(long, value_name = "uploads/ID", conflicts_with = "prompt", value_parser = names::upload)]
    input: Option<String>,
    /// The model
    #[arg(long, value_name = "ID", default_value = "")]
    model: String,
    /// The most tokens to generate
    #[arg(long, value_name = "N", default_value_t = 256)]
    max_tokens: u32,
    /// Print one JSON object, for scripts
    #[arg(long)]
    json: bool,
}

/// Which one to remove.
#[derive(Args)]
pub(crate) struct Remove {
    /// The schedule's name
    name: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Late {
    /// They are forgotten
    Skip,
    /// One job stands for all of them
    Once,
    /// Each starts its job
    Every,
}

/// Runs the command.
pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => arguments.place.block_on(async |queue| {
            let schedules = queue.schedules().await?;
            if arguments.json {
                let array = schedules.iter().map(to_json).collect::<anyhow::Result<Vec<_>>>()?;
                say!("{}", serde_json::to_string_pretty(&array)?);
            } else if schedules.is_empty() {
                say!("No schedules.");
            } else {
                for schedule in &schedules {
                    say!("{}", row(schedule)?);
                }
            }
            Ok(())
        }),
        Command::Set(arguments) => {
            let schedule = arguments.schedule()?;
            arguments.place.block_on(async |queue| {
                queue.put_schedule(&schedule).await?;
                if arguments.json {
                    say!("{}", serde_json::to_string_pretty(&to_json(&schedule)?)?);
                } else {
                    say!("{}", row(&schedule)?);
                }
                Ok(())
            })
        }
        Command::Remove(arguments) => arguments.place.block_on(async |queue| {
            queue.delete_schedule(&Name::new("schedule", &arguments.name)?).await?;
            say!("{} is removed", arguments.name);
            Ok(())
        }),
    }
}

impl Set {
    fn schedule(&self) -> anyhow::Result<Schedule> {
        accounts_name(&self.owner)?;
        let (kind, work) = match (&self.prompt, &self.input) {
            (Some(prompt), _) => {
                let request = GenerateTextRequest {
                    model: self.model.clone(),
                    prompt: prompt.clone(),
                    max_tokens: self.max_tokens,
                    ..GenerateTextRequest::default()
                };
                contract::check_generation(&request).context("the schedule's job")?;
                ("generate_text", GenerateTextWork { request: Some(request) }.encode_to_vec())
            }
            (None, Some(input)) => {
                let work = BatchWork { input: input.clone(), model: self.model.clone(), concurrency: 0 };
                ("batch", work.encode_to_vec())
            }
            (None, None) => bail!("give --prompt or --input"),
        };
        Ok(Schedule {
            name: Name::new("schedule", &self.name)?,
            cron: self.cron.clone(),
            zone: self.zone.clone(),
            missed: match self.missed {
                Late::Skip => Missed::Skip,
                Late::Once => Missed::Once,
                Late::Every => Missed::Every,
            },
            kind: Name::new("kind", kind)?,
            tenant: Name::new("owner", &self.owner)?,
            priority: Priority::Normal,
            payload: Payload::Inline(work),
        })
    }
}

/// A key by this name may not exist here, but it could.
fn accounts_name(owner: &str) -> anyhow::Result<()> {
    Ok(accounts::check_key_name(owner)?)
}

/// When it starts a job next.
fn next(schedule: &Schedule) -> anyhow::Result<Option<String>> {
    Ok(schedule.next(SystemTime::now())?.map(|time| time.to_string()))
}

fn row(schedule: &Schedule) -> anyhow::Result<String> {
    let Schedule { name, cron, zone, kind, tenant, .. } = schedule;
    let next = next(schedule)?.map_or_else(|| "never".to_owned(), |next| format!("next {next}"));
    let (name, kind) = (name.as_str(), kind.as_str());
    Ok(format!("{name:<20} {cron:<16} {zone:<14} {kind:<14} {tenant}  {next}"))
}

fn to_json(schedule: &Schedule) -> anyhow::Result<Value> {
    let missed = match schedule.missed {
        Missed::Skip => "skip",
        Missed::Once => "once",
        Missed::Every => "every",
    };
    Ok(json!({
        "name": schedule.name.as_str(),
        "cron": schedule.cron,
        "zone": schedule.zone,
        "missed": missed,
        "kind": schedule.kind.as_str(),
        "owner": schedule.tenant.as_str(),
        "nextTime": next(schedule)?,
    }))
}
