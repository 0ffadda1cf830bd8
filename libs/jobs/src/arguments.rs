//! The command line arguments that bound a queue.

use std::time::Duration;

use arguments::{duration, positive_duration};

use crate::{JobsError, Limits, Name};

/// What a queue holds and runs at most.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Queue limits")]
pub struct LimitArguments {
    /// Jobs that wait, delayed ones included
    #[arg(long, env = "ONDOL_QUEUE_DEPTH", default_value_t = 1_000_000, value_name = "JOBS")]
    pub queue_depth: u64,

    /// Jobs of one tenant that wait, delayed ones included, or run
    #[arg(long, env = "ONDOL_QUEUE_TENANT_DEPTH", value_name = "JOBS")]
    pub queue_tenant_depth: Option<u64>,

    /// Jobs that run at the same time
    #[arg(long, env = "ONDOL_QUEUE_RUNNING", value_name = "JOBS")]
    pub queue_running: Option<u64>,

    /// Jobs of one tenant that run at the same time
    #[arg(long, env = "ONDOL_QUEUE_TENANT_RUNNING", value_name = "JOBS")]
    pub queue_tenant_running: Option<u64>,

    /// Jobs of a kind that run at the same time, such as `batch=4`; may be given several times
    #[arg(long, env = "ONDOL_QUEUE_KIND_RUNNING", value_name = "KIND=JOBS", value_delimiter = ',', value_parser = of_kind)]
    pub queue_kind_running: Vec<(Name, u64)>,

    /// The recovery from a lost worker that declares a job dead
    #[arg(long, env = "ONDOL_QUEUE_RECOVERIES", default_value_t = 3, value_name = "N")]
    pub queue_recoveries: u32,

    /// How long done, cancelled and expired jobs can be looked at
    #[arg(long, env = "ONDOL_QUEUE_DONE_KEPT", default_value = "24h", value_parser = duration)]
    pub queue_done_kept: Duration,

    /// How long dead jobs can be looked at and requeued
    #[arg(long, env = "ONDOL_QUEUE_DEAD_KEPT", default_value = "336h", value_parser = duration)]
    pub queue_dead_kept: Duration,

    /// How long an idempotency key is remembered
    #[arg(long, env = "ONDOL_QUEUE_KEYS_KEPT", default_value = "24h", value_parser = positive_duration)]
    pub queue_keys_kept: Duration,

    /// Events kept of one job
    #[arg(long, env = "ONDOL_QUEUE_EVENTS_KEPT", default_value_t = 256, value_name = "N")]
    pub queue_events_kept: u32,
}

impl LimitArguments {
    /// The limits that were asked for.
    pub fn limits(self) -> Result<Limits, JobsError> {
        let limits = Limits {
            depth: self.queue_depth,
            tenant_depth: self.queue_tenant_depth,
            running: self.queue_running,
            tenant_running: self.queue_tenant_running,
            kind_running: self.queue_kind_running.into_iter().collect(),
            recoveries: self.queue_recoveries,
            done_kept: self.queue_done_kept,
            dead_kept: self.queue_dead_kept,
            keys_kept: self.queue_keys_kept,
            events_kept: self.queue_events_kept,
        };
        limits.check()?;
        Ok(limits)
    }
}

fn of_kind(text: &str) -> Result<(Name, u64), String> {
    let wrong = || "expected a kind and a number, such as batch=4".to_owned();
    let (kind, jobs) = text.split_once('=').ok_or_else(wrong)?;
    Ok((
        Name::new("kind", kind).map_err(|wrong| wrong.to_string())?,
        jobs.parse().map_err(|_number| wrong())?,
    ))
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};

    use super::LimitArguments;
    use crate::{Limits, RedisArguments};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        limits: LimitArguments,
        #[command(flatten)]
        redis: RedisArguments,
    }

    fn parse(arguments: &[&str]) -> Result<Command, clap::Error> {
        Command::try_parse_from([&["program"], arguments].concat())
    }

    #[test]
    fn the_defaults_of_the_command_line_are_those_of_the_library() {
        let command = parse(&[]).unwrap();
        assert_eq!(command.limits.limits().unwrap(), Limits::default());
        assert_eq!(command.redis.options().unwrap().shards, 1);
    }

    #[test]
    fn wrong_lengths_and_kinds_are_refused() {
        for wrong in
            [["--queue-done-kept", "30"], ["--queue-kind-running", "batch"], ["--redis-timeout", "0s"]]
        {
            assert_eq!(parse(&wrong).err().unwrap().kind(), ErrorKind::ValueValidation, "{wrong:?}");
        }
        let command = parse(&["--queue-kind-running", "batch=4,image=2"]).unwrap();
        assert_eq!(command.limits.limits().unwrap().kind_running.len(), 2);
        assert!(parse(&["--queue-recoveries", "0"]).unwrap().limits.limits().is_err());
    }
}
