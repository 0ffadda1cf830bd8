//! What a worker and the queue say to each other.

use std::{collections::BTreeMap, time::Duration};

use fault::Violation;
use jiff::Timestamp;

use crate::{JobId, JobsError, Name, Payload, Policy, Priority};

const RESULT: usize = 4 * 1024;
const ERROR: usize = 4 * 1024;
pub(crate) const PROGRESS: usize = 16 * 1024;
/// More in one call would hold up everybody else at the server.
pub(crate) const BATCH: usize = 1_000;

/// A wish for work.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// Who asks; unique to a process's life, such as the pod's and the boot's identifiers together.
    pub worker: Name,
    /// What it can do, and how many of each it has room for. Earlier kinds are served first: rotate them.
    pub kinds: Vec<(Name, u32)>,
    /// How many in all, at most 1,000.
    pub most: u32,
    /// How long they are its own without a beat.
    pub lease: Duration,
}

impl ClaimRequest {
    pub(crate) fn check(&self) -> Result<(), JobsError> {
        let mut violations = Vec::new();
        if self.most as usize > BATCH {
            violations.push(Violation::new("most", format!("expected at most {BATCH}, got {}", self.most)));
        }
        if self.lease < Duration::from_millis(1) {
            violations.push(Violation::new("lease", "expected a millisecond or more"));
        }
        if violations.is_empty() { Ok(()) } else { Err(JobsError::InvalidRequest { violations }) }
    }
}

/// The right to speak for one run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The job.
    pub id: JobId,
    /// This claim's number; no other claim of the job has it.
    pub fence: u64,
    /// The job's kind, whose policy decides about another attempt.
    pub kind: Name,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// A job under lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// What to beat and finish with.
    pub ticket: Ticket,
    /// Whose job it is.
    pub tenant: Name,
    /// How urgent.
    pub priority: Priority,
    /// Earlier runs that ended because the worker went away.
    pub recoveries: u32,
    /// When it was enqueued.
    pub created: Timestamp,
    /// How long it waited since then, or since it was last due.
    pub waited: Duration,
    /// What to work on.
    pub payload: Payload,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
}

/// A sign of life.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Which run.
    pub ticket: Ticket,
    /// News for whoever watches, at most 16 KiB; `None` leaves the last one.
    pub progress: Option<Vec<u8>>,
}

/// What the queue answers to a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// The lease was extended.
    Alive,
    /// The lease was extended, and the job should stop: somebody cancelled it.
    Cancel,
    /// The job belongs to somebody else, or nobody. Stop, and throw away what was made.
    Lost,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Done {
        /// What is left of it, at most 4 KiB; more is an object and its key here.
        result: Vec<u8>,
    },
    /// Not well.
    Failed {
        /// Why, for the job's owner; cut at 4 KiB.
        error: String,
        /// Whether another attempt may help; the kind's policy has the last word.
        retry: bool,
    },
    /// Not well, and another attempt is of no use before this pause is over; the kind's policy has the last word whether there
    /// is one.
    Postponed {
        /// Why, for the job's owner; cut at 4 KiB.
        error: String,
        /// The shortest pause; what the policy draws may be longer.
        pause: Duration,
    },
    /// It stopped because it was cancelled.
    Cancelled,
}

/// The end of one run.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Which run.
    pub ticket: Ticket,
    /// How it ended.
    pub outcome: Outcome,
}

/// What the queue answers to the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is recorded.
    Accepted,
    /// It was recorded before, by this very run: the first answer was lost.
    Repeated,
    /// The run had lost its job; nothing was recorded.
    Rejected,
}

impl Outcome {
    /// How long to wait before the next attempt, if there is one.
    pub(crate) fn pause(&self, policy: &Policy, attempt: u32) -> Option<Duration> {
        match self {
            Self::Failed { retry, .. } => policy.pause(attempt).filter(|_| *retry),
            Self::Postponed { pause, .. } => policy.pause(attempt).map(|drawn| drawn.max(*pause)),
            Self::Done { .. } | Self::Cancelled => None,
        }
    }
}

impl Beat {
    pub(crate) fn check(&self) -> Result<(), JobsError> {
        at_most("progress", self.progress.as_ref().map_or(0, Vec::len), PROGRESS)
    }
}

impl Finish {
    pub(crate) fn check(&self) -> Result<(), JobsError> {
        match &self.outcome {
            Outcome::Done { result } => at_most("result", result.len(), RESULT),
            Outcome::Failed { .. } | Outcome::Postponed { .. } | Outcome::Cancelled => Ok(()),
        }
    }
}

fn at_most(field: &str, length: usize, most: usize) -> Result<(), JobsError> {
    if length <= most {
        return Ok(());
    }
    Err(JobsError::invalid(field, format!("expected at most {most} bytes, got {length}")))
}

/// An error's text, cut to what a job keeps.
pub(crate) fn cut(error: &str) -> &str {
    &error[..error.floor_char_boundary(ERROR)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fault::Fault;
    use uuid::Uuid;

    use super::{BATCH, Beat, ClaimRequest, ERROR, Finish, Outcome, PROGRESS, RESULT, Ticket, cut};
    use crate::{JobId, JobsError, Name};

    fn field(result: Result<(), JobsError>) -> String {
        result.unwrap_err().violations()[0].field.clone()
    }

    #[test]
    fn each_limit_names_its_field() {
        let kind = Name::new("kind", "k").unwrap();
        let ticket = Ticket { id: JobId::new(Uuid::nil(), 0), fence: 1, kind: kind.clone(), attempt: 1 };
        let beat = |length| Beat { ticket: ticket.clone(), progress: Some(vec![0; length]) };
        beat(PROGRESS).check().unwrap();
        assert_eq!(field(beat(PROGRESS + 1).check()), "progress");
        let finish =
            |length| Finish { ticket: ticket.clone(), outcome: Outcome::Done { result: vec![0; length] } };
        finish(RESULT).check().unwrap();
        assert_eq!(field(finish(RESULT + 1).check()), "result");
        let lease = Duration::from_secs(30);
        let claim = |most, lease| ClaimRequest { worker: kind.clone(), kinds: Vec::new(), most, lease };
        assert_eq!(field(claim(BATCH as u32 + 1, lease).check()), "most");
        assert_eq!(field(claim(1, Duration::ZERO).check()), "lease");
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = format!("x{}", "é".repeat(ERROR));
        assert_eq!(cut(&long).len(), ERROR - 1);
    }
}
