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

/// Judges what came of an attempt, and notes it on the target.
pub(super) fn judge<A>(target: &Target, outcome: Result<A, Status>) -> Verdict<A> {
    match outcome {
        Err(status) if status.code() == Code::Unavailable => {
            target.unavailable();
            Verdict::Elsewhere(status, Outcome::Unavailable)
        }
        // A queue, or a server, without room. Limits of callers are held by us, before any of this.
        Err(status) if status.code() == Code::ResourceExhausted => {
            target.full(Remote::from(status.clone()).retry_after());
            Verdict::Elsewhere(status, Outcome::Full)
        }
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
