//! What a worker writes down, one line for each step of a run: `what job fence time`.
//!
//! A line is one write, so it is whole and outlives the worker that is killed right after it. It need not outlive the
//! machine, so nothing is synced.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
};

use jobs::Ticket;

use super::setting::now;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Began,
    /// The result was written; it counts only if the queue accepts the end of the run.
    Made,
    /// The queue took the end of the run, now or before.
    Accepted,
    /// The queue refused the end of the run: the job is another's.
    Rejected,
    /// The heart said to stop, or the worker gave the job back.
    Left,
}

const WORDS: [(What, &str); 5] = [
    (What::Began, "began"),
    (What::Made, "made"),
    (What::Accepted, "accepted"),
    (What::Rejected, "rejected"),
    (What::Left, "left"),
];

pub(super) struct Pen(File);

impl Pen {
    pub(super) fn new(path: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    pub(super) fn write(&self, what: What, ticket: &Ticket) {
        let word = WORDS.iter().find(|(known, _)| *known == what).unwrap().1;
        let line = format!("{word} {} {} {}\n", ticket.id, ticket.fence, now());
        (&self.0).write_all(line.as_bytes()).unwrap();
    }
}

/// A line of a worker's file.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) what: What,
    pub(super) job: String,
    pub(super) fence: u64,
    pub(super) at: u64,
}

pub(super) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let parse = |line: &str| {
        let mut words = line.split(' ');
        let word = words.next()?;
        Some(Line {
            what: WORDS.iter().find(|(_, known)| *known == word)?.0,
            job: words.next()?.to_owned(),
            fence: words.next()?.parse().ok()?,
            at: words.next()?.parse().ok()?,
        })
    };
    text.lines().map(|line| parse(line).unwrap()).collect()
}
