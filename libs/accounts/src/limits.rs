//! What a caller, a model or all together may use.

mod table;

use std::fmt;

use fault::Violation;
use serde::{Deserialize, Serialize};

pub use self::table::LimitTable;

/// The largest limit: its account in thousandths of a second's worth has to be exact in Redis, whose numbers are exact
/// up to 2^53.
pub(crate) const LARGEST: u64 = 100_000_000_000;

/// Bounds on use, each `None` for no bound. In files and in TOML tables they have the names of these fields.
///
/// Requests and tokens of a minute are token buckets as large as the limit, which fill evenly: a caller that was quiet
/// for a minute may use all at once, and after that has it back bit by bit. Days and months are those of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
// A limit that this version does not know is an error: left out, it would be no limit.
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Tokens, those of prompts and answers together, in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// Requests in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_day: Option<u64>,
    /// Tokens in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_day: Option<u64>,
    /// Requests in a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_month: Option<u64>,
    /// Tokens in a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_month: Option<u64>,
    /// Requests under way at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
}

/// One of the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// [`Limits::requests_per_minute`].
    RequestsPerMinute,
    /// [`Limits::tokens_per_minute`].
    TokensPerMinute,
    /// [`Limits::requests_per_day`].
    RequestsPerDay,
    /// [`Limits::tokens_per_day`].
    TokensPerDay,
    /// [`Limits::requests_per_month`].
    RequestsPerMonth,
    /// [`Limits::tokens_per_month`].
    TokensPerMonth,
    /// [`Limits::concurrency`].
    Concurrency,
}

impl Measure {
    /// All of them, in the order in which Redis is told of them.
    pub const ALL: [Self; 7] = [
        Self::RequestsPerMinute,
        Self::TokensPerMinute,
        Self::RequestsPerDay,
        Self::TokensPerDay,
        Self::RequestsPerMonth,
        Self::TokensPerMonth,
        Self::Concurrency,
    ];

    /// The name of its field.
    pub const fn field(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests_per_minute",
            Self::TokensPerMinute => "tokens_per_minute",
            Self::RequestsPerDay => "requests_per_day",
            Self::TokensPerDay => "tokens_per_day",
            Self::RequestsPerMonth => "requests_per_month",
            Self::TokensPerMonth => "tokens_per_month",
            Self::Concurrency => "concurrency",
        }
    }

    /// Whether it bounds tokens; the others bound requests.
    pub const fn is_of_tokens(self) -> bool {
        matches!(self, Self::TokensPerMinute | Self::TokensPerDay | Self::TokensPerMonth)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestsPerMinute => "requests per minute",
            Self::TokensPerMinute => "tokens per minute",
            Self::RequestsPerDay => "requests per day",
            Self::TokensPerDay => "tokens per day",
            Self::RequestsPerMonth => "requests per month",
            Self::TokensPerMonth => "tokens per month",
            Self::Concurrency => "requests at the same time",
        })
    }
}

impl Limits {
    /// One bound.
    pub const fn of(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::RequestsPerMinute => self.requests_per_minute,
            Measure::TokensPerMinute => self.tokens_per_minute,
            Measure::RequestsPerDay => self.requests_per_day,
            Measure::TokensPerDay => self.tokens_per_day,
            Measure::RequestsPerMonth => self.requests_per_month,
            Measure::TokensPerMonth => self.tokens_per_month,
            Measure::Concurrency => self.concurrency,
        }
    }

    /// Whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with them: each must be from 1 to 100,000,000,000.
    pub fn violations(&self) -> Vec<Violation> {
        let all = Measure::ALL.into_iter().filter_map(|measure| Some((measure, self.of(measure)?)));
        let wrong = all.filter(|(_, limit)| !(1..=LARGEST).contains(limit));
        let said = |limit| format!("expected 1 to {LARGEST}, or nothing for no limit, got {limit}");
        wrong.map(|(measure, limit)| Violation::new(measure.field(), said(limit))).collect()
    }

    /// These, and where there is no bound the other's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.zip(other, Option::or)
    }

    /// The part of one among so many that share them: rounded down, but at least 1.
    #[must_use]
    pub fn shared_by(self, many: u64) -> Self {
        self.zip(self, |limit, _same| limit.map(|limit| (limit / many.max(1)).max(1)))
    }

    fn zip(self, other: Self, join: impl Fn(Option<u64>, Option<u64>) -> Option<u64>) -> Self {
        Self {
            requests_per_minute: join(self.requests_per_minute, other.requests_per_minute),
            tokens_per_minute: join(self.tokens_per_minute, other.tokens_per_minute),
            requests_per_day: join(self.requests_per_day, other.requests_per_day),
            tokens_per_day: join(self.tokens_per_day, other.tokens_per_day),
            requests_per_month: join(self.requests_per_month, other.requests_per_month),
            tokens_per_month: join(self.tokens_per_month, other.tokens_per_month),
            concurrency: join(self.concurrency, other.concurrency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, Limits, Measure};

    #[test]
    fn each_bound_is_its_own_and_out_of_range_is_named() {
        for measure in Measure::ALL {
            let limits: Limits = toml::from_str(&format!("{} = 7", measure.field())).unwrap();
            assert_eq!((limits.of(measure), limits.violations()), (Some(7), Vec::new()));
            assert_eq!(Measure::ALL.into_iter().filter_map(|other| limits.of(other)).count(), 1);
            for wrong in [0, LARGEST + 1] {
                let limits: Limits = toml::from_str(&format!("{} = {wrong}", measure.field())).unwrap();
                assert_eq!(limits.violations()[0].field, measure.field());
            }
        }
        assert!(toml::from_str::<Limits>("requests_per_hour = 1").is_err());
    }

    #[test]
    fn ones_own_bound_goes_before_anothers_and_a_part_is_never_nothing() {
        let own = Limits { concurrency: Some(2), ..Limits::default() };
        let other = Limits { concurrency: Some(9), tokens_per_day: Some(100), ..Limits::default() };
        let both = Limits { concurrency: Some(2), tokens_per_day: Some(100), ..Limits::default() };
        assert_eq!(own.or(other), both);
        let part = Limits { concurrency: Some(1), tokens_per_day: Some(33), ..Limits::default() };
        assert_eq!(both.shared_by(3), part);
    }
}
