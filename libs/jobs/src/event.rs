//! What happened to one job, in order.

use jiff::Timestamp;

use crate::State;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number in the job's life, from 1 and without gaps; where to resume.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub happening: Happening,
}

/// What can happen to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It entered a state. The first event of each job is the state that it was in when somebody first asked for events, or
    /// its handler first reported progress.
    Entered(State),
    /// Its handler reported progress.
    Progress(Vec<u8>),
    /// It was asked to stop.
    CancelRequested,
}

/// Part of a job's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The events, oldest first; at most 100.
    pub events: Vec<Event>,
    /// Events after the one asked for that are no longer kept: this many were missed.
    pub missed: u64,
    /// Whether the job has ended and these are its last events.
    pub is_end: bool,
}

/// Events in one answer at most.
pub(crate) const PART: usize = 100;
