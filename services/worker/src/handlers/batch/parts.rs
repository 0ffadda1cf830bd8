//! Answers, saved as they come.
//!
//! A part is an object under the run's own fence, named by the lines that it answers. A later run chains the parts of all
//! runs before it from line 0 on; what a late worker still writes, under its older fence, lies beside the chain and is
//! never looked at again.

use std::{collections::HashMap, time::Duration};

use artifacts::scratch_prefix;
use bytes::Bytes;
use futures::TryStreamExt;
use objects::{GetOptions, Key, ListOptions, PutOptions};
use tokio::time::Instant;

use super::answer::Answer;
use crate::{WorkerError, assignment::Assignment};

/// When a part is saved: with so many lines, so many bytes or after so long, whichever comes first. What was answered
/// since is all that another worker does once more.
const LINES: u64 = 100;
const BYTES: usize = 4 * 1024 * 1024;
const TIME: Duration = Duration::from_secs(2);

/// What was answered so far, and where it lies.
pub(super) struct Parts {
    saved: Vec<Key>,
    done: u64,
    failed: u64,
    open: Open,
}

/// Answers that are not saved yet.
struct Open {
    text: Vec<u8>,
    lines: u64,
    failed: u64,
    since: Instant,
}

/// A saved part, as its name tells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    key: Key,
    fence: u64,
    first: u64,
    lines: u64,
    failed: u64,
}

impl Parts {
    /// What the runs before this one saved.
    pub(super) async fn resume(assignment: &Assignment) -> Result<Self, WorkerError> {
        let mut options = ListOptions::prefix(scratch_prefix(&assignment.job)?);
        let mut chain = Chain::default();
        loop {
            let page = assignment.shelf.objects().list(options.clone()).await?;
            let parts = page.items.into_iter().filter_map(|listed| Part::parse(listed.key));
            parts.filter(|part| part.fence < assignment.fence).for_each(|part| chain.add(part));
            options.page_token = page.next;
            if options.page_token.is_none() {
                break;
            }
        }
        Ok(chain.into_parts())
    }

    /// Lines that are answered, and how many of them with an error.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.done + self.open.lines, self.failed + self.open.failed)
    }

    /// Takes the next line's answer.
    pub(super) async fn add(&mut self, assignment: &Assignment, answer: Answer) -> Result<(), WorkerError> {
        self.open.text.extend_from_slice(&answer.text);
        self.open.lines += 1;
        self.open.failed += u64::from(answer.failed);
        let full = self.open.lines >= LINES || self.open.text.len() >= BYTES;
        if full || self.open.since.elapsed() >= TIME { self.save(assignment).await } else { Ok(()) }
    }

    /// Writes all answers into one artifact, in order.
    pub(super) async fn join(mut self, assignment: &Assignment, name: &str) -> Result<(), WorkerError> {
        self.save(assignment).await?;
        let mut writer = assignment.write(name, "application/jsonl").await?;
        for key in &self.saved {
            let mut part = assignment.shelf.objects().get(key, GetOptions::default()).await?.into_stream();
            while let Some(bytes) = part.try_next().await? {
                writer.write(bytes).await?;
            }
        }
        writer.finish().await
    }

    async fn save(&mut self, assignment: &Assignment) -> Result<(), WorkerError> {
        let open = std::mem::replace(&mut self.open, Open::new());
        if open.lines == 0 {
            return Ok(());
        }
        let prefix = scratch_prefix(&assignment.job)?;
        let name = format!("{prefix}{}/{}-{}-{}", assignment.fence, self.done, open.lines, open.failed);
        let key = Key::new(name)?;
        assignment.shelf.objects().put(&key, Bytes::from(open.text), PutOptions::default()).await?;
        self.saved.push(key);
        self.done += open.lines;
        self.failed += open.failed;
        Ok(())
    }
}

impl Open {
    fn new() -> Self {
        Self { text: Vec::new(), lines: 0, failed: 0, since: Instant::now() }
    }
}

impl Part {
    /// Reads `…/<fence>/<first>-<lines>-<failed>`.
    fn parse(key: Key) -> Option<Self> {
        let (path, name) = key.as_str().rsplit_once('/')?;
        let fence = path.rsplit_once('/')?.1.parse().ok()?;
        let mut numbers = name.split('-').map(|number| number.parse().ok());
        let (first, lines, failed) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let whole = numbers.next().is_none() && lines > 0;
        whole.then_some(Self { key, fence, first, lines, failed })
    }
}

/// The longest part at each line.
#[derive(Default)]
struct Chain(HashMap<u64, Part>);

impl Chain {
    fn add(&mut self, part: Part) {
        let longest = self.0.entry(part.first).or_insert_with(|| part.clone());
        if part.lines > longest.lines {
            *longest = part;
        }
    }

    /// Every part from line 0 to the first line that has none.
    fn into_parts(mut self) -> Parts {
        let mut parts = Parts { saved: Vec::new(), done: 0, failed: 0, open: Open::new() };
        while let Some(part) = self.0.remove(&parts.done) {
            parts.done += part.lines;
            parts.failed += part.failed;
            parts.saved.push(part.key);
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use objects::Key;

    use super::{Chain, Part};

    fn part(name: &str) -> Option<Part> {
        Part::parse(Key::new(format!("scratch/0a/{name}")).unwrap())
    }

    #[test]
    fn a_part_is_known_by_its_name() {
        let read = part("7/100-20-3").unwrap();
        assert_eq!((read.fence, read.first, read.lines, read.failed), (7, 100, 20, 3));
        for wrong in ["7/100-20", "x/1-2-3", "7/1-2-3-4", "7/a-b-c", "7/0-0-0"] {
            assert_eq!(part(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parts_chain_over_runs_and_end_at_a_gap() {
        let mut chain = Chain::default();
        for name in ["1/0-10-1", "1/10-10-0", "2/10-15-2", "1/20-10-0", "2/25-5-0", "2/40-5-0"] {
            chain.add(part(name).unwrap());
        }
        let parts = chain.into_parts();
        assert_eq!((parts.done, parts.failed), (30, 3));
        let saved: Vec<_> =
            parts.saved.iter().map(|key| key.as_str().trim_start_matches("scratch/0a/")).collect();
        assert_eq!(saved, ["1/0-10-1", "2/10-15-2", "2/25-5-0"]);
    }
}
