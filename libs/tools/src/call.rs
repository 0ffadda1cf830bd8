//! One call of a tool, on its way in.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::Span;

use crate::{Dialogue, Preparing};

/// What is asked, by whom, and until when.
#[derive(Clone, Debug)]
pub struct Call {
    /// The arguments, by name.
    pub arguments: Map<String, Value>,
    /// Who asks.
    pub caller: Caller,
    /// Marks the call in logs and in requests to upstreams.
    pub request_id: String,
    /// What it is part of: the span that is current where the call is made, unless another one is put here.
    pub span: Span,
    /// The id of the trace that it is part of, where somebody keeps that: latencies point to it.
    pub trace: Option<String>,
    /// When the answer is no longer wanted.
    pub deadline: Option<Instant>,
    /// How long all attempts have together. The tool's policy says so.
    pub whole: Option<Duration>,
    /// Whether it still gets ready, which only the tool knows.
    pub preparing: Preparing,
    /// Where a long call says how far it is.
    pub progress: Progress,
    /// How many servers of ours it has come through before, where one is a tool of another.
    pub hops: u64,
    /// What the tool has asked in calls before this one, and what it was told.
    pub dialogue: Dialogue,
}

impl Call {
    /// A call without a deadline that nobody watches.
    pub fn new(arguments: Map<String, Value>, caller: Caller) -> Self {
        Self {
            arguments,
            caller,
            request_id: String::new(),
            span: Span::current(),
            trace: None,
            deadline: None,
            whole: None,
            preparing: Preparing::default(),
            progress: Progress::default(),
            hops: 0,
            dialogue: Dialogue::default(),
        }
    }

    /// How long the caller still waits, at most `limit`.
    pub fn patience(&self, limit: Duration) -> Duration {
        self.deadline.map_or(limit, |deadline| limit.min(deadline.saturating_duration_since(Instant::now())))
    }
}

/// Who asks, and what their key lets them do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The principal.
    pub principal: Arc<str>,
    /// What the key was given, such as `tools:call`.
    pub scopes: BTreeSet<String>,
    /// The tools that the key may call, as patterns; all of them where there is no such list.
    pub tools: Option<Vec<String>>,
}

impl Caller {
    /// A principal whose key has no scopes and no list of tools.
    pub fn new(principal: &str) -> Self {
        Self { principal: principal.into(), scopes: BTreeSet::new(), tools: None }
    }

    /// The principal as a part of a key of the object store, which a name need not be.
    pub fn digest(&self) -> String {
        digest(&self.principal)
    }
}

/// A principal as 32 hexadecimal digits.
pub(crate) fn digest(principal: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(principal));
    digest.truncate(32);
    digest
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done, in the unit of `total`. Grows.
    pub done: f64,
    /// What there is to do, where that is known.
    pub total: Option<f64>,
    /// What is being done, for people.
    pub message: Option<String>,
}

/// Where a tool says how far it is. Nobody listens to the default one.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl Progress {
    /// Hands each step to `listener`, which must not block.
    pub fn to(listener: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Says how far it is.
    pub fn step(&self, step: Step) {
        if let Some(listener) = &self.0 {
            listener(step);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(watched)" } else { "Progress(unwatched)" })
    }
}
