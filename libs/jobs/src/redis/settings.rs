//! What operators have set, read back.

use std::{collections::BTreeSet, time::Duration};

use super::{RedisQueue, reply};
use crate::{JobsError, Limits, Name, Settings};

const WHAT: &str = "the limits";

impl RedisQueue {
    /// The limits that hold at the moment, and what is paused. With several shards `depth`, `running` and
    /// `kind_running` are the sums of the parts that the shards hold to.
    pub async fn settings(&self) -> Result<Settings, JobsError> {
        let mut sum: Option<Settings> = None;
        for shard in 0..self.server().shards() {
            let server = self.server();
            let answer = server.run(&server.scripts.settings, shard as u8, |_command| ()).await?;
            let read = read(&reply::Fields::new(answer)?)?;
            sum = Some(match sum {
                Some(sum) => sum.and(read),
                None => read,
            });
        }
        sum.ok_or(JobsError::Corrupt { what: WHAT })
    }
}

/// A field that is not there has its default, as the scripts have it too.
fn read(fields: &reply::Fields) -> Result<Settings, JobsError> {
    let usual = Limits::default();
    let number = |field: &str| fields.number(field).and_then(|number| u64::try_from(number).ok());
    let time = |field: &str, usual| number(field).map_or(usual, Duration::from_millis);
    let small = |field: &str, usual| number(field).map_or(usual, |number| number as u32);
    let mut limits = Limits {
        depth: number("depth").unwrap_or(usual.depth),
        tenant_depth: number("tenant_depth"),
        running: number("running"),
        tenant_running: number("cap"),
        recoveries: small("recoveries", usual.recoveries),
        done_kept: time("done_kept", usual.done_kept),
        dead_kept: time("dead_kept", usual.dead_kept),
        keys_kept: time("keys", usual.keys_kept),
        events_kept: small("events", usual.events_kept),
        ..usual
    };
    let (mut paused, mut paused_kinds) = (false, BTreeSet::new());
    for (field, value) in fields.iter() {
        match field.split_once(':') {
            Some(("running", kind)) => {
                let cap = u64::try_from(value).unwrap_or_default();
                limits.kind_running.insert(Name::new("kind", kind)?, cap);
            }
            Some(("paused", kind)) => {
                paused_kinds.insert(Name::new("kind", kind)?);
            }
            _ => paused |= field == "paused",
        }
    }
    Ok(Settings { limits, paused, paused_kinds })
}

impl Settings {
    /// Those of two shards together.
    fn and(mut self, other: Self) -> Self {
        self.limits.depth = self.limits.depth.saturating_add(other.limits.depth);
        self.limits.running = self.limits.running.zip(other.limits.running).map(|(one, two)| one + two);
        for (kind, cap) in other.limits.kind_running {
            *self.limits.kind_running.entry(kind).or_default() += cap;
        }
        self.paused |= other.paused;
        self.paused_kinds.extend(other.paused_kinds);
        self
    }
}
