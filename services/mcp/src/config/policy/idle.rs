//! What a table says that does nothing.

use std::time::Duration;

use tools::Policy;

use super::PolicyConfig;

impl PolicyConfig {
    /// A setting that is only about calls which are tried again.
    pub(crate) fn repeats(&self) -> Option<&'static str> {
        let said = [
            // One attempt is what there is anyway.
            ("attempts", self.attempts.is_some_and(|attempts| attempts.get() > 1)),
            ("backoff", self.backoff.is_some()),
            ("retry_budget", self.retry_budget.is_some()),
        ];
        said.into_iter().find(|(_, said)| *said).map(|(setting, _)| setting)
    }

    /// A setting that is only about answers which are kept.
    pub(crate) fn keeps(&self) -> Option<&'static str> {
        let said = [
            ("cache_ttl", self.cache_ttl.is_some()),
            ("cache_bytes", self.cache_bytes.is_some()),
            ("cache_per_caller", self.cache_per_caller.is_some()),
        ];
        said.into_iter().find(|(_, said)| *said).map(|(setting, _)| setting)
    }

    /// The time of an attempt that somebody has written down, and that of the whole call, where that is shorter and one of
    /// them is written here.
    pub(crate) fn overlong_attempt(&self, around: &Self) -> Option<(Duration, Duration)> {
        if self.attempt_timeout.is_none() && self.timeout.is_none() {
            return None;
        }
        let merged = self.over(around);
        let whole = merged.timeout.unwrap_or(Policy::default().timeout);
        merged.attempt_timeout.filter(|attempt| *attempt > whole).map(|attempt| (attempt, whole))
    }
}
