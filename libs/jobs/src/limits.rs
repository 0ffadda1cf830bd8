//! The bounds of a queue.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{JobsError, Name};

/// What a queue holds and runs at most, and how long it keeps what ended.
///
/// Kept in the queue itself, so every process obeys the same. With several shards each has an equal part of `depth`,
/// `running` and `kind_running`, at least 1; a tenant lives in one shard, so its bounds are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs that wait, delayed ones included.
    pub depth: u64,
    /// Jobs of one tenant that wait, delayed ones included, or run; `None` for no bound of its own.
    pub tenant_depth: Option<u64>,
    /// Jobs that run at the same time.
    pub running: Option<u64>,
    /// Jobs of one tenant that run at the same time, unless the tenant has a cap of its own.
    pub tenant_running: Option<u64>,
    /// Jobs of a kind that run at the same time.
    pub kind_running: BTreeMap<Name, u64>,
    /// The recovery that declares a job dead: at 3, the third worker it takes with it is the last.
    pub recoveries: u32,
    /// How long done, cancelled and expired jobs can be looked at.
    pub done_kept: Duration,
    /// How long dead jobs can be looked at and requeued.
    pub dead_kept: Duration,
    /// How long an idempotency key is remembered.
    pub keys_kept: Duration,
    /// Events kept of one job, the latest.
    pub events_kept: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 1_000_000,
            tenant_depth: None,
            running: None,
            tenant_running: None,
            kind_running: BTreeMap::new(),
            recoveries: 3,
            done_kept: Duration::from_hours(24),
            dead_kept: Duration::from_hours(24 * 14),
            keys_kept: Duration::from_hours(24),
            events_kept: 256,
        }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<(), JobsError> {
        let positive = [
            ("--queue-recoveries", u64::from(self.recoveries)),
            ("--queue-events-kept", u64::from(self.events_kept)),
            ("--queue-keys-kept", self.keys_kept.as_millis() as u64),
        ];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((flag, _)) => {
                Err(JobsError::InvalidSetting { flag, problem: "must be more than 0".to_owned() })
            }
            None => Ok(()),
        }
    }
}

/// What operators have set of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The bounds.
    pub limits: Limits,
    /// Whether claims are stopped altogether.
    pub paused: bool,
    /// Kinds whose claims are stopped, those without a job among them.
    pub paused_kinds: BTreeSet<Name>,
}

/// When a full queue should be asked again: about as long as a worker's turn.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// One tenant's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantLimits {
    /// Its share beside others that wait for the same kind: twice the weight runs twice as many. From 1 to 1,000.
    pub weight: u32,
    /// Jobs that run at the same time; `None` for the queue's `tenant_running`.
    pub running: Option<u64>,
}

impl TenantLimits {
    pub(crate) fn check(self) -> Result<(), JobsError> {
        if (1..=1_000).contains(&self.weight) {
            return Ok(());
        }
        Err(JobsError::invalid("weight", format!("expected 1 to 1,000, got {}", self.weight)))
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::{Limits, TenantLimits};

    #[test]
    fn bounds_that_would_stop_everything_are_refused() {
        Limits::default().check().unwrap();
        let none = Limits { recoveries: 0, ..Limits::default() };
        assert!(none.check().unwrap_err().to_string().starts_with("--queue-recoveries: "));
        for weight in [0, 1_001] {
            let error = TenantLimits { weight, running: None }.check().unwrap_err();
            assert_eq!(error.violations()[0].field, "weight");
        }
    }
}
