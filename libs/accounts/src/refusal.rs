//! Which limits stand in the way, and how far the tightest ones are used up.

use std::{fmt, time::Duration};

use fault::Rounded;

use crate::{Charge, Level, Measure, Tally, counters::cost};

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The caller's key.
    Key(String),
    /// A model, by all callers together.
    Model(String),
    /// Everything together.
    Global,
}

impl Scope {
    /// The account that is counted, such as `model:qwen`: also what a violation is about.
    pub fn account(&self) -> String {
        match self {
            Self::Key(id) => format!("key:{id}"),
            Self::Model(name) => format!("model:{name}"),
            Self::Global => "global".to_owned(),
        }
    }

    /// Which of the three it is, as metrics have it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Model(_) => "model",
            Self::Global => "global",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => f.write_str("this API key"),
            Self::Model(name) => write!(f, "the model `{name}`"),
            Self::Global => f.write_str("all callers together"),
        }
    }
}

/// A request that no room is left for. Nothing of it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Every limit that stands in the way.
    pub exceeded: Vec<Exceeded>,
    /// When the same request may have room; nothing if never, since it is larger than a limit.
    pub retry_after: Option<Duration>,
    /// How the limits stand.
    pub standing: Standing,
}

/// One limit that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Whose.
    pub scope: Scope,
    /// Which.
    pub measure: Measure,
    /// Its size.
    pub limit: u64,
    /// What is left of it.
    pub left: u64,
    /// What the request would take of it.
    pub asked: u64,
    /// What is not there only as running calls have reserved it. They give back what they do not use.
    pub held: u64,
}

impl Exceeded {
    /// Whether there may be room as soon as running calls have ended.
    fn is_held(&self) -> bool {
        self.asked <= self.left.saturating_add(self.held)
    }
}

/// The tightest limits of a caller: what `x-ratelimit-*` tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The limit of requests that has the least left, slots not counted; nothing where none is limited.
    pub requests: Option<Window>,
    /// The limit of tokens that has the least left.
    pub tokens: Option<Window>,
}

/// How far a limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Which.
    pub measure: Measure,
    /// Its size.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When all of it is there again.
    pub reset: Duration,
}

impl Refusal {
    /// Nothing if all limits have room: then whoever refused has counted in another way.
    pub(crate) fn new(scopes: &[Scope], charges: &[Charge], tallies: &[Tally], tokens: u64) -> Option<Self> {
        let accounts = scopes.iter().zip(charges).zip(tallies);
        let levels = accounts.flat_map(|((scope, charge), tally)| {
            tally.levels(&charge.limits).map(move |level| (scope, level, cost(level.measure, tokens)))
        });
        let mut exceeded = Vec::new();
        let mut retry_after = Some(Duration::ZERO);
        for (scope, level, asked) in levels.filter(|(_, level, asked)| *asked > level.left) {
            retry_after = retry_after.zip(level.wait_for(asked)).map(|(one, other)| one.max(other));
            let Level { measure, limit, left, held, .. } = level;
            exceeded.push(Exceeded { scope: scope.clone(), measure, limit, left, asked, held });
        }
        let standing = Standing::new(charges, tallies);
        (!exceeded.is_empty()).then_some(Self { exceeded, retry_after, standing })
    }

    /// A word for programs: what kind of limit it is that takes longest.
    pub(crate) fn reason(&self) -> &'static str {
        let is = |wanted: &[Measure]| {
            self.exceeded.iter().any(|one| wanted.contains(&one.measure) && !one.is_held())
        };
        if self.retry_after.is_none() {
            "REQUEST_LARGER_THAN_LIMIT"
        } else if is(&Measure::ALL[2..6]) {
            "QUOTA_EXCEEDED"
        } else if is(&Measure::ALL[..2]) {
            "RATE_LIMITED"
        } else {
            "TOO_MANY_AT_ONCE"
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.exceeded {
            write!(f, "{one}; ")?;
        }
        match self.retry_after {
            // Rounded up: who comes a moment too early would be refused again.
            Some(after) => {
                let seconds = u64::try_from(after.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
                write!(f, "try again in {}", Rounded(Duration::from_secs(seconds.max(1))))
            }
            None => f.write_str("ask for less, since no wait makes room for it"),
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, measure, limit, left, asked, held } = self;
        write!(
            f,
            "{scope} may have {limit} {measure}, of which {left} are left where {asked} would be needed"
        )?;
        if *held > 0 {
            write!(f, " and running calls hold {held}")?;
        }
        Ok(())
    }
}

impl Standing {
    pub(crate) fn new(charges: &[Charge], tallies: &[Tally]) -> Self {
        let levels = || charges.iter().zip(tallies).flat_map(|(charge, tally)| tally.levels(&charge.limits));
        let tightest = |levels: &mut dyn Iterator<Item = Level>| {
            let least = levels.min_by_key(|level| (level.left, std::cmp::Reverse(level.full_in)));
            least.map(|level| Window {
                measure: level.measure,
                limit: level.limit,
                remaining: level.left,
                reset: level.full_in,
            })
        };
        let of_requests =
            |level: &Level| !level.measure.is_of_tokens() && level.measure != Measure::Concurrency;
        Self {
            requests: tightest(&mut levels().filter(of_requests)),
            tokens: tightest(&mut levels().filter(|level| level.measure.is_of_tokens())),
        }
    }
}
