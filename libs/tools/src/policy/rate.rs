//! How often one caller may call a tool.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};

use crate::{Call, ToolsError};

/// Calls between two sweeps of callers that have not been heard of lately.
const SWEEP_EVERY: u32 = 4096;

/// How often one caller may call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// In the long run.
    pub per_minute: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
}

type Callers = RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, DefaultClock>;

/// The buckets of all callers of one tool.
pub(crate) struct Rate {
    callers: Callers,
    clock: DefaultClock,
    calls: AtomicU32,
}

impl Rate {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let quota = Quota::per_minute(limit.per_minute).allow_burst(limit.burst);
        Self {
            callers: RateLimiter::hashmap(quota),
            clock: DefaultClock::default(),
            calls: AtomicU32::new(0),
        }
    }

    /// Takes one from the caller's bucket, or says when there will be one.
    pub(crate) fn take(&self, tool: &str, call: &Call) -> Result<(), ToolsError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.callers.retain_recent();
        }
        self.callers.check_key(&call.caller.principal).map_err(|until| ToolsError::TooOften {
            name: tool.to_owned(),
            retry_after: until.wait_time_from(self.clock.now()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use fault::Fault;
    use serde_json::Map;

    use super::{Rate, RateLimit};
    use crate::{Call, Caller};

    fn call(principal: &str) -> Call {
        Call::new(Map::new(), Caller::new(principal))
    }

    #[test]
    fn a_bucket_is_one_callers_own() {
        let two = NonZeroU32::new(2).unwrap();
        let rate = Rate::new(RateLimit { per_minute: two, burst: two });
        for _ in 0..2 {
            rate.take("search", &call("a")).unwrap();
        }
        let refused = rate.take("search", &call("a")).unwrap_err();
        let wait = refused.retry_after().unwrap();
        assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{wait:?}");
        rate.take("search", &call("b")).unwrap();
    }
}
