//! Which errors are answers, and which say that somebody else should be asked.

use fault::Fault;
use rpc::Remote;
use tonic::{Code, Status};

use crate::routes::{Outcome, Target};

/// What a target said.
pub(super) enum Verdict<A> {
    /// Good or bad, it is the answer.
    Answer(Result<A, Status>),
    /// Another target may do better, as this one did nothing that is seen.
    Elsewhere(Status, Outcome),
}

/// Why there is no answer.
pub(super) enum Refusal {
    /// A target said so.
    Said(Status),
    /// Our own gate before it let nobody in, which says nothing of the target.
    Shed(Status),
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Said(status)
    }
}

/// Judges what came of an attempt, and notes it on the target.
pub(super) fn judge<A>(target: &Target, outcome: Result<A, Refusal>) -> Verdict<A> {
    let answer = match outcome {
        Ok(answer) => Ok(answer),
        Err(Refusal::Shed(status)) => return Verdict::Elsewhere(status, Outcome::Shed),
        Err(Refusal::Said(status)) => Err(status),
    };
    match answer {
        Err(status) if status.code() == Code::Unavailable => {
            target.unavailable();
            Verdict::Elsewhere(status, Outcome::Unavailable)
        }
        // A queue, or a server, without room. Limits of callers are held by us, before any of this.
        Err(status) if status.code() == Code::ResourceExhausted => {
            target.full(Remote::from(status.clone()).retry_after());
            Verdict::Elsewhere(status, Outcome::Full)
        }
        // The time that the caller gave may have been too short, or the release hangs: nobody knows which.
        Err(status) if status.code() == Code::DeadlineExceeded => Verdict::Answer(Err(status)),
        answer => {
            target.answered();
            Verdict::Answer(answer)
        }
    }
}

/// Of two refusals the one that helps a caller more: that there was no room comes with a time to come back.
pub(super) fn more_helpful(before: Option<Status>, now: Status) -> Status {
    match before {
        Some(full) if full.code() == Code::ResourceExhausted => full,
        _ => now,
    }
}
