//! What configuration says about one tool, and a file for each layer that holds to it.

mod admit;
mod allow;
mod around;
mod attempt;
mod breaker;
mod caching;
mod concurrency;
mod overflow;
mod rate;
mod recorded;
mod retrying;

use std::time::Duration;

pub(crate) use admit::AdmitLayer;
pub use allow::Allow;
pub(crate) use around::AroundLayer;
pub(crate) use attempt::Attempt;
pub use breaker::{BreakerState, Breakers, Tripping};
pub(crate) use caching::Cached;
pub use caching::Caching;
pub(crate) use concurrency::Seats;
pub(crate) use overflow::Held;
pub use overflow::Overflow;
pub(crate) use rate::Rate;
pub use rate::RateLimit;
pub(crate) use recorded::Recorded;
pub(crate) use retrying::RetryPolicy;
pub use retrying::Retrying;

/// The policy of one tool.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The kill switch: off, the tool is listed to nobody and calls are refused.
    pub enabled: bool,
    /// Who may call it.
    pub allow: Allow,
    /// How often one caller may.
    pub rate: Option<RateLimit>,
    /// How many calls run at once.
    pub concurrency: usize,
    /// How long answers are kept; only for tools that read.
    pub cache: Option<Caching>,
    /// How long a caller waits at most, all attempts together.
    pub timeout: Duration,
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
    /// How often a failed attempt is made again; only for tools that are idempotent.
    pub retry: Option<Retrying>,
    /// When the upstream is left alone.
    pub breaker: Option<Tripping>,
    /// The largest answer that is handed over as it is.
    pub max_answer_bytes: usize,
    /// When a call goes on without its caller.
    pub tasking: Tasking,
}

/// When a call becomes a task: something that goes on without its caller, who looks at it again. Only for callers who know
/// of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tasking {
    /// How long the caller waits before it becomes one; never where there is no such time.
    pub after: Option<Duration>,
    /// Whether it is refused to callers who do not know of tasks.
    pub only: bool,
}

impl Default for Tasking {
    fn default() -> Self {
        Self { after: Some(Duration::from_secs(5)), only: false }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            allow: Allow::default(),
            rate: None,
            concurrency: 64,
            cache: None,
            timeout: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(10),
            retry: Some(Retrying::default()),
            breaker: Some(Tripping::default()),
            max_answer_bytes: 256 * 1024,
            tasking: Tasking::default(),
        }
    }
}
