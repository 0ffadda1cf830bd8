//! The command line arguments that bound a queue.

use std::time::Duration;

use arguments::{duration, positive, positive_duration};

use crate::{JobsError, Limits, Name};

/// What a queue holds and runs at most. The bounds live in the queue: where nothing is said here, they stay as whoever
/// spoke last has left them.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Queue limits")]
pub struct LimitArguments {
    /// Jobs that wait, delayed ones included [default: 1000000]. With any of these flags all are set, for every process on
    /// the queue; without, they stay as they are
    #[arg(long, env = "ONDOL_QUEUE_DEPTH", value_name = "JOBS", value_parser = positive::<u64>)]
    pub queue_depth: Option<u64>,

    /// Jobs of one tenant that wait, delayed ones included, or run [default: no bound]
    #[arg(long, env = "ONDOL_QUEUE_TENANT_DEPTH", value_name = "JOBS", value_parser = positive::<u64>)]
    pub queue_tenant_depth: Option<u64>,

    /// Jobs that run at the same time [default: no bound]
    #[arg(long, env = "ONDOL_QUEUE_RUNNING", value_name = "JOBS", value_parser = positive::<u64>)]
    pub queue_running: Option<u64>,

    /// Jobs of one tenant that run at the same time [default: no bound]
    #[arg(long, env = "ONDOL_QUEUE_TENANT_RUNNING", value_name = "JOBS", value_parser = positive::<u64>)]
    pub queue_tenant_running: Option<u64>,

    /// Jobs of a kind that run at the same time, such as `batch=4`; may be given several times [default: no bound]
    #[arg(long, env = "ONDOL_QUEUE_KIND_RUNNING", value_name = "KIND=JOBS", value_delimiter = ',', value_parser = of_kind)]
    pub queue_kind_running: Vec<(Name, u64)>,

    /// The recovery from a lost worker that declares a job dead [default: 3]
    #[arg(long, env = "ONDOL_QUEUE_RECOVERIES", value_name = "N", value_parser = positive::<u32>)]
    pub queue_recoveries: Option<u32>,

    /// How long done, cancelled and expired jobs can be looked at [default: 24h]
    #[arg(long, env = "ONDOL_QUEUE_DONE_KEPT", value_name = "TIME", value_parser = duration)]
    pub queue_done_kept: Option<Duration>,

    /// How long dead jobs can be looked at and requeued [default: 336h]
    #[arg(long, env = "ONDOL_QUEUE_DEAD_KEPT", value_name = "TIME", value_parser = duration)]
    pub queue_dead_kept: Option<Duration>,

    /// How long an idempotency key is remembered [default: 24h]
    #[arg(long, env = "ONDOL_QUEUE_KEYS_KEPT", value_name = "TIME", value_parser = positive_duration)]
    pub queue_keys_kept: Option<Duration>,

    /// Events kept of one job [default: 256]
    #[arg(long, env = "ONDOL_QUEUE_EVENTS_KEPT", value_name = "N", value_parser = positive::<u32>)]
    pub queue_events_kept: Option<u32>,
}

impl LimitArguments {
    /// The limits that were asked for; `None` where nothing was.
    pub fn limits(self) -> Result<Option<Limits>, JobsError> {
        let usual = Limits::default();
        let limits = Limits {
            depth: self.queue_depth.unwrap_or(usual.depth),
            tenant_depth: self.queue_tenant_depth,
            running: self.queue_running,
            tenant_running: self.queue_tenant_running,
            kind_running: self.queue_kind_running.iter().cloned().collect(),
            recoveries: self.queue_recoveries.unwrap_or(usual.recoveries),
            done_kept: self.queue_done_kept.unwrap_or(usual.done_kept),
            dead_kept: self.queue_dead_kept.unwrap_or(usual.dead_kept),
            keys_kept: self.queue_keys_kept.unwrap_or(usual.keys_kept),
            events_kept: self.queue_events_kept.unwrap_or(usual.events_kept),
        };
        limits.check()?;
        Ok(self.says_something().then_some(limits))
    }

    fn says_something(&self) -> bool {
        let numbers =
            [self.queue_depth, self.queue_tenant_depth, self.queue_running, self.queue_tenant_running];
        let times = [self.queue_done_kept, self.queue_dead_kept, self.queue_keys_kept];
        numbers.iter().any(Option::is_some)
            || times.iter().any(Option::is_some)
            || self.queue_recoveries.is_some()
            || self.queue_events_kept.is_some()
            || !self.queue_kind_running.is_empty()
    }
}

fn of_kind(text: &str) -> Result<(Name, u64), String> {
    let wrong = || "expected a kind and a number above 0, such as batch=4".to_owned();
    let (kind, jobs) = text.split_once('=').ok_or_else(wrong)?;
    Ok((
        Name::new("kind", kind).map_err(|wrong| wrong.to_string())?,
        positive(jobs).map_err(|_number| wrong())?,
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
    fn who_says_nothing_changes_nothing_and_who_says_one_thing_says_all() {
        let command = parse(&[]).unwrap();
        assert_eq!(command.limits.limits().unwrap(), None);
        let usual = [
            ["--queue-depth", "1000000"],
            ["--queue-recoveries", "3"],
            ["--queue-done-kept", "24h"],
            ["--queue-dead-kept", "336h"],
            ["--queue-keys-kept", "24h"],
            ["--queue-events-kept", "256"],
        ];
        for usual in usual {
            let limits = parse(&usual).unwrap().limits.limits().unwrap();
            assert_eq!(limits, Some(Limits::default()), "{usual:?}");
        }
        assert_eq!(command.redis.options().unwrap().shards, 1);
    }

    #[test]
    fn wrong_lengths_and_kinds_are_refused() {
        for wrong in [
            ["--queue-done-kept", "30"],
            ["--queue-kind-running", "batch"],
            ["--queue-kind-running", "batch=0"],
            ["--queue-depth", "0"],
            ["--queue-tenant-depth", "0"],
            ["--queue-running", "0"],
            ["--queue-tenant-running", "0"],
            ["--queue-recoveries", "0"],
            ["--queue-events-kept", "0"],
            ["--redis-connections", "0"],
            ["--queue-shards", "0"],
            ["--redis-timeout", "0s"],
        ] {
            assert_eq!(parse(&wrong).err().unwrap().kind(), ErrorKind::ValueValidation, "{wrong:?}");
        }
        let command = parse(&["--queue-kind-running", "batch=4,image=2"]).unwrap();
        assert_eq!(command.limits.limits().unwrap().unwrap().kind_running.len(), 2);
    }
}
