//! What an import tells while it works.

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Taking the checksum of the source.
    Checksum,
    /// Writing the weights.
    Weights,
}

/// How far an import has come. The last report of a successful import has `done == total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub step: Step,
    /// Bytes of the source that have been worked through, over all steps.
    pub done: u64,
    /// Bytes to work through, over all steps.
    pub total: u64,
}

/// Counts bytes and reports them.
pub(super) struct Meter<'m> {
    report: &'m mut dyn FnMut(Progress),
    done: u64,
    total: u64,
}

impl<'m> Meter<'m> {
    pub(super) fn new(report: &'m mut dyn FnMut(Progress), total: u64) -> Self {
        Self { report, done: 0, total }
    }

    pub(super) fn advance(&mut self, step: Step, bytes: u64) {
        self.done += bytes;
        (self.report)(Progress { step, done: self.done, total: self.total });
    }
}
