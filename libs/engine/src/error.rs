//! What can go wrong between a package on disk and the last token.

use std::{borrow::Cow, error::Error, path::PathBuf, sync::Arc, time::Duration};

use fault::{Fault, Kind, Rounded, Violation};

/// Why the engine could not start, take a request, or finish one.
///
/// It can be cloned because one failed step ends every request that took part in it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The request itself is wrong.
    #[error("invalid request: {}", join(.violations))]
    InvalidRequest {
        /// Every wrong field, by the name that the contract gives it.
        violations: Vec<Violation>,
    },
    /// The waiting queue is full, in requests or in prompt tokens.
    #[error("the queue is full ({limit}); try again in {}", Rounded(*.retry_after))]
    QueueFull {
        /// Which limit was reached, such as `80 requests`.
        limit: String,
        /// When a place is likely to be free.
        retry_after: Duration,
    },
    /// The request's deadline passed before it was done.
    #[error("the deadline passed after {generated} generated tokens")]
    DeadlineExceeded {
        /// Tokens generated until then; 0 for a request that never left the queue.
        generated: u32,
    },
    /// The queue alone is likely to outlast the request's deadline, so it was refused at once.
    #[error(
        "the queue takes about {} and the deadline is in {}; allow more time or try again later",
        Rounded(*.wait),
        Rounded(*.left)
    )]
    DeadlineTooSoon {
        /// The likely wait for a slot.
        wait: Duration,
        /// Time until the deadline.
        left: Duration,
    },
    /// The engine is shutting down: it takes nothing new, or the grace for what ran is over.
    #[error("the engine is draining")]
    Draining,
    /// A step failed earlier, so the engine takes no more work; the process should be replaced.
    #[error("the engine has failed and takes no more work")]
    Failed,
    /// A step of the model failed or panicked.
    #[error("the model failed in a {step} step")]
    Step {
        /// `prefill`, `decode` or `copy`; `scheduler` for a panic outside the model.
        step: &'static str,
        /// What the model said.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The model's scores were not numbers.
    #[error("the model returned {what} among the scores of token {position}")]
    BadScores {
        /// Which bad values: `NaN or infinity` or `no possible token`.
        what: &'static str,
        /// Index of the token that was to be chosen, counted from the start of the output.
        position: u32,
    },
    /// A setting makes no sense.
    #[error("{flag}: {problem}")]
    InvalidSetting {
        /// The command line flag.
        flag: &'static str,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// ONNX Runtime's shared library could not be used.
    #[error(
        "cannot use the ONNX Runtime library {}: {problem}; give the path of libonnxruntime.so (1.24 or newer, from \
         the Python package `onnxruntime` or a release of ONNX Runtime) with --onnxruntime-library",
        .path.display()
    )]
    Library {
        /// The library that was tried.
        path: PathBuf,
        /// What was wrong with it.
        problem: String,
    },
    /// The model could not be loaded, or is not a decoder as this engine needs it.
    #[error("cannot use the model {}: {problem}", .path.display())]
    Model {
        /// The graph's file.
        path: PathBuf,
        /// What was wrong, what was expected.
        problem: String,
    },
    /// The wanted execution provider is missing or would not run the model.
    #[error("the execution provider `{provider}` cannot run the model: {problem}")]
    ExecutionProvider {
        /// The provider's name, as on the command line.
        provider: &'static str,
        /// What was wrong and what to do.
        problem: String,
    },
    /// Memory for the key/value pool could not be had.
    #[error("cannot reserve {bytes} bytes for the key/value pool; lower --slots or --context-tokens")]
    Memory {
        /// Size of the pool in bytes.
        bytes: usize,
    },
    /// The engine's thread could not be started.
    #[error("cannot start the engine's thread")]
    Thread(#[source] Arc<std::io::Error>),
}

impl EngineError {
    /// Wraps what a model reported while it did `step`.
    pub fn step(step: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Step { step, source: Arc::from(source.into()) }
    }
}

fn join(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Fault for EngineError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidRequest { .. } => Kind::InvalidArgument,
            Self::QueueFull { .. } => Kind::ResourceExhausted,
            Self::DeadlineExceeded { .. } | Self::DeadlineTooSoon { .. } => Kind::DeadlineExceeded,
            Self::Draining | Self::Failed => Kind::Unavailable,
            Self::InvalidSetting { .. }
            | Self::Library { .. }
            | Self::Model { .. }
            | Self::ExecutionProvider { .. } => Kind::FailedPrecondition,
            Self::Step { .. } | Self::BadScores { .. } | Self::Memory { .. } | Self::Thread(_) => {
                Kind::Internal
            }
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::InvalidRequest { .. }
            | Self::QueueFull { .. }
            | Self::DeadlineExceeded { .. }
            | Self::DeadlineTooSoon { .. } => self.to_string().into(),
            Self::Draining => "this instance is shutting down; try another one".into(),
            Self::Failed => "this instance cannot run the model any more; try another one".into(),
            Self::Step { .. } | Self::BadScores { .. } => "the model failed while it generated".into(),
            _ => "the model could not be started".into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::QueueFull { .. } => "QUEUE_FULL",
            Self::Draining => "DRAINING",
            Self::Failed => "ENGINE_FAILED",
            Self::Step { .. } => "MODEL_STEP_FAILED",
            Self::BadScores { .. } => "MODEL_BAD_SCORES",
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::InvalidRequest { violations } => violations,
            _ => &[],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use fault::{Chain, Fault};

    use super::EngineError;

    #[test]
    fn the_cause_of_a_failed_step_is_for_logs_only() {
        let error = EngineError::step("decode", "out of memory at 0x7f00");
        assert_eq!(Chain(&error).to_string(), "the model failed in a decode step: out of memory at 0x7f00");
        assert!(!error.public_message().contains("0x7f00"));
    }
}
