//! The policy of a tool, as it is written. `idle` finds what does nothing where it is written.

mod idle;

use std::{num::NonZeroU32, time::Duration};

use accounts::Grants;
use serde::{Deserialize, Deserializer, de::Error};
use tools::{Allow, Caching, Policy, RateLimit, Retrying, Tasking, Tripping};

use crate::McpError;

/// What may be said about the calls of a tool. Whatever is not said is taken from the table further out: the tool's
/// source, then the whole file, then the defaults of [`Policy`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyConfig {
    /// The kill switch.
    enabled: Option<bool>,
    /// Patterns of principals who may call.
    principals: Option<Vec<String>>,
    /// Scopes that a key needs.
    scopes: Option<Vec<String>>,
    /// Calls of one caller.
    calls_per_minute: Option<NonZeroU32>,
    /// How many of them at once.
    burst: Option<NonZeroU32>,
    /// Calls that run at the same time.
    concurrency: Option<NonZeroU32>,
    /// How long answers are kept.
    #[serde(default, deserialize_with = "length")]
    cache_ttl: Option<Duration>,
    /// Bytes of answers that are kept.
    cache_bytes: Option<u64>,
    /// Whether each caller has answers of its own.
    cache_per_caller: Option<bool>,
    /// How long a call may take, with all its attempts.
    #[serde(default, deserialize_with = "length")]
    timeout: Option<Duration>,
    /// How long one attempt may take.
    #[serde(default, deserialize_with = "length")]
    attempt_timeout: Option<Duration>,
    /// Attempts of what is idempotent.
    attempts: Option<NonZeroU32>,
    /// The share of calls that may be tried again.
    retry_budget: Option<f32>,
    /// The longest wait before the second attempt.
    #[serde(default, deserialize_with = "length")]
    backoff: Option<Duration>,
    /// The largest answer that is handed over as it is.
    max_answer_bytes: Option<usize>,
    /// How long callers who know of tasks wait before a call becomes one, or `never`.
    task_after: Option<Patience>,
    /// Whether callers who do not know of tasks are refused.
    tasks_only: Option<bool>,
    /// When the upstream is left alone.
    #[serde(default)]
    breaker: BreakerConfig,
}

/// When an upstream is left alone, as it is written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct BreakerConfig {
    enabled: Option<bool>,
    failure_rate: Option<f64>,
    #[serde(default, deserialize_with = "length")]
    slow_after: Option<Duration>,
    slow_rate: Option<f64>,
    #[serde(default, deserialize_with = "length")]
    window: Option<Duration>,
    min_calls: Option<usize>,
    #[serde(default, deserialize_with = "length")]
    open_for: Option<Duration>,
    probes: Option<usize>,
}

/// How long callers wait for an answer before the call becomes a task, as it is written: a length of time, which may be
/// nothing, or `never`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Patience {
    Never,
    For(Duration),
}

impl Patience {
    fn time(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::For(time) => Some(time),
        }
    }
}

impl PolicyConfig {
    /// What a source says whose upstream is slow by nature: an attempt may take all the time that a call has, and taking it
    /// does not speak against the upstream.
    pub(crate) fn patient(timeout: Duration) -> Self {
        let breaker = BreakerConfig { slow_after: Some(timeout), ..BreakerConfig::default() };
        Self { timeout: Some(timeout), attempt_timeout: Some(timeout), breaker, ..Self::default() }
    }

    /// What this says, and `base` where it says nothing.
    pub(crate) fn over(&self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            principals: self.principals.clone().or_else(|| base.principals.clone()),
            scopes: self.scopes.clone().or_else(|| base.scopes.clone()),
            calls_per_minute: self.calls_per_minute.or(base.calls_per_minute),
            burst: self.burst.or(base.burst),
            concurrency: self.concurrency.or(base.concurrency),
            cache_ttl: self.cache_ttl.or(base.cache_ttl),
            cache_bytes: self.cache_bytes.or(base.cache_bytes),
            cache_per_caller: self.cache_per_caller.or(base.cache_per_caller),
            timeout: self.timeout.or(base.timeout),
            attempt_timeout: self.attempt_timeout.or(base.attempt_timeout),
            attempts: self.attempts.or(base.attempts),
            retry_budget: self.retry_budget.or(base.retry_budget),
            backoff: self.backoff.or(base.backoff),
            max_answer_bytes: self.max_answer_bytes.or(base.max_answer_bytes),
            task_after: self.task_after.or(base.task_after),
            tasks_only: self.tasks_only.or(base.tasks_only),
            breaker: self.breaker.over(&base.breaker),
        }
    }

    /// The policy that this is.
    pub(crate) fn policy(&self, tool: &str) -> Result<Policy, McpError> {
        let plain = Policy::default();
        let timeout = self.timeout.unwrap_or(plain.timeout);
        let policy = Policy {
            enabled: self.enabled.unwrap_or(plain.enabled),
            allow: Allow {
                principals: self.principals.clone().unwrap_or_default(),
                scopes: self.scopes.clone().unwrap_or_default(),
            },
            rate: self.rate(),
            concurrency: self.concurrency.map_or(plain.concurrency, |most| most.get() as usize),
            cache: self.cache(),
            timeout,
            attempt_timeout: self.attempt_timeout.unwrap_or(plain.attempt_timeout).min(timeout),
            retry: self.retry()?,
            breaker: self.breaker.tripping(),
            max_answer_bytes: self.max_answer_bytes.unwrap_or(plain.max_answer_bytes),
            tasking: Tasking {
                after: self.task_after.map_or(plain.tasking.after, Patience::time),
                only: self.tasks_only.unwrap_or(plain.tasking.only),
            },
        };
        check(&policy, tool)?;
        Ok(policy)
    }

    fn rate(&self) -> Option<RateLimit> {
        let per_minute = self.calls_per_minute?;
        Some(RateLimit { per_minute, burst: self.burst.unwrap_or(per_minute) })
    }

    fn cache(&self) -> Option<Caching> {
        Some(Caching {
            ttl: self.cache_ttl?,
            max_bytes: self.cache_bytes.unwrap_or(16 << 20),
            // Whoever answers differently to different people must not be guessed wrongly.
            per_caller: self.cache_per_caller.unwrap_or(true),
        })
    }

    fn retry(&self) -> Result<Option<Retrying>, McpError> {
        let plain = Retrying::default();
        let budget = self.retry_budget.unwrap_or(plain.budget);
        if !(0.0..=10.0).contains(&budget) {
            return Err(McpError::Config(format!("retry_budget must be 0 to 10, but is {budget}")));
        }
        let attempts = self.attempts.map_or(plain.attempts, NonZeroU32::get);
        let backoff = self.backoff.unwrap_or(plain.backoff);
        Ok((attempts > 1).then_some(Retrying { attempts, budget, backoff }))
    }
}

impl BreakerConfig {
    fn over(&self, base: &Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            failure_rate: self.failure_rate.or(base.failure_rate),
            slow_after: self.slow_after.or(base.slow_after),
            slow_rate: self.slow_rate.or(base.slow_rate),
            window: self.window.or(base.window),
            min_calls: self.min_calls.or(base.min_calls),
            open_for: self.open_for.or(base.open_for),
            probes: self.probes.or(base.probes),
        }
    }

    fn tripping(&self) -> Option<Tripping> {
        let plain = Tripping::default();
        self.enabled.unwrap_or(true).then(|| Tripping {
            failure_rate: self.failure_rate.unwrap_or(plain.failure_rate),
            slow_after: self.slow_after.unwrap_or(plain.slow_after),
            slow_rate: self.slow_rate.unwrap_or(plain.slow_rate),
            window: self.window.unwrap_or(plain.window),
            min_calls: self.min_calls.unwrap_or(plain.min_calls),
            open_for: self.open_for.unwrap_or(plain.open_for),
            probes: self.probes.unwrap_or(plain.probes),
        })
    }
}

/// What cannot be told from one field alone.
fn check(policy: &Policy, tool: &str) -> Result<(), McpError> {
    let wrong = |problem: String| Err(McpError::Config(format!("the policy of {tool}: {problem}")));
    if policy.timeout > Duration::from_hours(1) {
        return wrong("timeout must be an hour or less: longer work is a job".to_owned());
    }
    let asked = Grants { scopes: policy.allow.scopes.iter().cloned().collect(), ..Grants::default() };
    if let Some(violation) = asked.violations().first() {
        return wrong(format!("scopes: {}, which no key can have", violation.description));
    }
    let is_odd = |name: &&String| name.is_empty() || name.contains(char::is_whitespace);
    if let Some(odd) = policy.allow.principals.iter().find(is_odd) {
        return wrong(format!(
            "principals: {odd:?} is nobody; expected names of keys, or beginnings with a `*`"
        ));
    }
    if policy.concurrency > 10_000 {
        return wrong("concurrency must be 10000 or less".to_owned());
    }
    if policy.tasking.only && policy.tasking.after.is_none() {
        return wrong("tasks_only needs a task_after other than \"never\"".to_owned());
    }
    let Some(breaker) = policy.breaker else { return Ok(()) };
    let rates = [("failure_rate", breaker.failure_rate), ("slow_rate", breaker.slow_rate)];
    if let Some((name, rate)) = rates.into_iter().find(|(_, rate)| !(*rate > 0.0 && *rate <= 1.0)) {
        return wrong(format!("breaker.{name} must be above 0 and at most 1, but is {rate}"));
    }
    let counts = [("min_calls", breaker.min_calls), ("probes", breaker.probes)];
    if let Some((name, count)) = counts.into_iter().find(|(_, count)| !(1..=10_000).contains(count)) {
        return wrong(format!("breaker.{name} must be 1 to 10000, but is {count}"));
    }
    Ok(())
}

/// A length of time that is not nothing, such as `250ms` or `2m`.
pub(super) fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    arguments::positive_duration(&text)
        .map(Some)
        .map_err(|problem| D::Error::custom(format!("expected a length of time such as \"2s\": {problem}")))
}

impl<'de> Deserialize<'de> for Patience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            return Ok(Self::Never);
        }
        arguments::duration(&text).map(Self::For).map_err(|problem| {
            D::Error::custom(format!("expected a length of time such as \"2s\", or \"never\": {problem}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::PolicyConfig;

    fn written(text: &str) -> PolicyConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_nearer_to_the_tool_wins() {
        let file = written("timeout = \"9s\"\nconcurrency = 3\n[breaker]\nprobes = 2\nmin_calls = 7");
        let source = written("concurrency = 4\nscopes = [\"a\"]\n[breaker]\nprobes = 5");
        let tool = written("enabled = false");
        let policy = tool.over(&source.over(&file)).policy("t").unwrap();
        assert!(!policy.enabled);
        assert_eq!((policy.timeout, policy.concurrency), (Duration::from_secs(9), 4));
        assert_eq!(policy.allow.scopes, ["a"]);
        assert_eq!(policy.attempt_timeout, Duration::from_secs(9), "an attempt is no longer than the call");
        let breaker = policy.breaker.unwrap();
        assert_eq!((breaker.probes, breaker.min_calls), (5, 7));
    }

    #[test]
    fn nothing_said_is_the_defaults() {
        let policy = PolicyConfig::default().policy("t").unwrap();
        assert!(policy.enabled && policy.cache.is_none() && policy.rate.is_none());
        assert!(policy.breaker.is_some() && policy.retry.is_some());
    }

    #[test]
    fn parts_can_be_switched_off() {
        assert_eq!(written("task_after = \"never\"").policy("t").unwrap().tasking.after, None);
        let policy = written("attempts = 1\n[breaker]\nenabled = false").policy("t").unwrap();
        assert!(policy.breaker.is_none() && policy.retry.is_none());
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (text, said) in [
            ("tasks_only = true\ntask_after = \"never\"", "tasks_only"),
            ("timeout = \"2h\"", "an hour or less"),
            ("retry_budget = -1.0", "retry_budget"),
            ("concurrency = 20000", "concurrency"),
            ("scopes = [\"\"]", "scopes: expected"),
            ("scopes = [\"a\", \"reports write\"]", "which no key can have"),
            ("principals = [\"\"]", "principals: \"\" is nobody"),
            ("[breaker]\nfailure_rate = 0.0", "breaker.failure_rate"),
            ("[breaker]\nslow_rate = 1.5", "breaker.slow_rate"),
            ("[breaker]\nprobes = 0", "breaker.probes"),
        ] {
            let error = written(text).policy("search").unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        for text in ["concurrency = 0", "calls_per_minute = -1", "cache_ttl = \"0s\"", "attempts = 0"] {
            assert!(toml::from_str::<PolicyConfig>(text).is_err(), "{text}");
        }
    }
}
