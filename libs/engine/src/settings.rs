//! The scheduler's settings, and the command line arguments that make them.

use std::{fmt, sync::Arc, time::Instant};

use arguments::count;

use crate::{EngineError, Geometry};

/// How the engine queues and schedules.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The model's name, the `model` label of every metric.
    pub model: String,
    /// Requests that may wait for a slot; one more is refused.
    pub max_waiting: usize,
    /// Prompt tokens that all waiting requests may have together. A request that waits alone may exceed it.
    pub max_waiting_tokens: usize,
    /// Prompt tokens that one turn may add to a decode step; at least 2. One more is taken rather than left alone.
    pub prefill_chunk: usize,
    /// What time it is, for deadlines. Tests turn it.
    pub clock: Clock,
}

impl Settings {
    /// The defaults of the command line, for the model called `model`.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            max_waiting: 64,
            max_waiting_tokens: 65_536,
            prefill_chunk: 128,
            clock: Clock::default(),
        }
    }

    /// Checks them, and that a model of this `geometry` can hold a prompt and a token.
    pub(crate) fn check(&self, geometry: Geometry) -> Result<(), EngineError> {
        let least = [
            ("--slots", geometry.slots, 1),
            ("--context-tokens", geometry.capacity, 2),
            ("--prefill-chunk-tokens", self.prefill_chunk, 2),
        ];
        match least.into_iter().find(|(_, value, least)| value < least) {
            Some((flag, value, least)) => {
                let problem = format!("must be at least {least}, is {value}");
                Err(EngineError::InvalidSetting { flag, problem })
            }
            None => Ok(()),
        }
    }
}

/// A source of the current time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Instant {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Instant::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The scheduler's command line arguments.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Scheduling")]
pub struct SchedulerArguments {
    /// Requests that may wait for a slot. One more is refused at once (`RESOURCE_EXHAUSTED`, with a time to come
    /// back), which serves callers better than a long queue.
    #[arg(long, env = "ONDOL_MAX_WAITING", default_value_t = 64, value_name = "N",
          value_parser = count::<usize>)]
    pub max_waiting: usize,

    /// Prompt tokens that all waiting requests may have together. Keeps a few very long prompts from promising
    /// minutes of work.
    #[arg(long, env = "ONDOL_MAX_WAITING_TOKENS", default_value_t = 65_536, value_name = "TOKENS",
          value_parser = count::<usize>)]
    pub max_waiting_tokens: usize,

    /// Prompt tokens read between two decode steps. Smaller: running streams stutter less when a long prompt arrives.
    /// Larger: that prompt gets its first token sooner.
    #[arg(long, env = "ONDOL_PREFILL_CHUNK_TOKENS", default_value_t = 128, value_name = "TOKENS",
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..))]
    pub prefill_chunk_tokens: usize,
}

impl SchedulerArguments {
    /// The settings for the model called `model`.
    pub fn settings(&self, model: impl Into<String>) -> Settings {
        Settings {
            max_waiting: self.max_waiting,
            max_waiting_tokens: self.max_waiting_tokens,
            prefill_chunk: self.prefill_chunk_tokens,
            ..Settings::new(model)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::Geometry;

    #[test]
    fn a_model_without_room_for_a_sequence_is_refused() {
        let refused = |slots, capacity| {
            let geometry = Geometry { slots, capacity, vocabulary: 257 };
            Settings::new("m").check(geometry).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(refused(0, 128), "--slots: must be at least 1, is 0");
        assert_eq!(refused(1, 1), "--context-tokens: must be at least 2, is 1");
        assert_eq!(refused(1, 2), "");
    }
}
