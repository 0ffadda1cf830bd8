//! Where lines wait for Loki: never for long, and never more than so many.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc;

use super::{Counts, entry::Entry};
use crate::log::Line;

/// Lines that wait.
const LINES: usize = 8 * 1024;
/// Bytes of lines that wait, those on their way included.
const BYTES: usize = 8 * 1024 * 1024;
/// Half of what Loki takes for one line unless it is told otherwise, as quoting makes a line longer.
const LONGEST: usize = 128 * 1024;

/// The end that lines are put in.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Entry>,
    bytes: Arc<AtomicUsize>,
    counts: Counts,
}

/// The end that lines are taken from.
#[derive(Debug)]
pub(crate) struct Outlet {
    receiver: mpsc::Receiver<Entry>,
    bytes: Arc<AtomicUsize>,
}

pub(crate) fn queue(counts: Counts) -> (Queue, Outlet) {
    let (sender, receiver) = mpsc::channel(LINES);
    let bytes = Arc::new(AtomicUsize::new(0));
    (Queue { sender, bytes: Arc::clone(&bytes), counts }, Outlet { receiver, bytes })
}

impl Queue {
    /// Puts a copy of a line in, if there is room. Never waits.
    pub(crate) fn offer(&self, line: &Line<'_>) {
        // Before the line is copied: while Loki is away, a line costs hardly anything.
        if self.sender.capacity() == 0 || self.bytes.load(Ordering::Relaxed) >= BYTES {
            self.counts.full.inc();
            return;
        }
        let entry = Entry::of(line);
        let size = entry.size();
        if size > LONGEST {
            self.counts.too_long.inc();
            return;
        }
        self.bytes.fetch_add(size, Ordering::Relaxed);
        if self.sender.try_send(entry).is_err() {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            self.counts.full.inc();
        }
    }
}

impl Outlet {
    /// The next line; `None` when there is none and will be none.
    pub(super) async fn next(&mut self) -> Option<Entry> {
        self.receiver.recv().await
    }

    /// The next line, if one waits.
    pub(super) fn next_now(&mut self) -> Option<Entry> {
        self.receiver.try_recv().ok()
    }

    /// Gives the room of these lines back.
    pub(super) fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes no more lines in; those that wait can still be taken out.
    pub(super) fn close(&mut self) {
        self.receiver.close();
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, LINES, LONGEST, queue};
    use crate::{log::Line, loki::Counts};

    #[test]
    fn a_line_more_than_there_is_room_for_is_counted_and_nobody_waits() {
        let counts = Counts::default();
        let (queue, mut outlet) = queue(counts.clone());
        for _ in 0..LINES + 3 {
            queue.offer(&Line::sample("short"));
        }
        assert_eq!((counts.full.get(), counts.too_long.get()), (3, 0));
        let entry = outlet.next_now().unwrap();
        outlet.give_back(entry.size());
        queue.offer(&Line::sample("short"));
        assert_eq!(counts.full.get(), 3);
    }

    #[test]
    fn long_lines_fill_it_by_their_bytes() {
        let counts = Counts::default();
        let (queue, _outlet) = queue(counts.clone());
        let long = "x".repeat(LONGEST / 2);
        let many = BYTES / LONGEST * 2;
        for _ in 0..many {
            queue.offer(&Line::sample(&long));
        }
        assert!(counts.full.get() <= 1, "{many} lines of {} bytes are {BYTES}", long.len());
        for _ in 0..5 {
            queue.offer(&Line::sample(&long));
        }
        assert!(counts.full.get() >= 4);
        queue.offer(&Line::sample(&"x".repeat(10)));
        queue.offer(&Line::sample(&"x".repeat(10)));
        assert!(counts.full.get() >= 6, "a short one finds no room either");
    }

    #[test]
    fn a_line_that_loki_would_refuse_is_not_sent() {
        let counts = Counts::default();
        let (queue, mut outlet) = queue(counts.clone());
        queue.offer(&Line::sample(&"x".repeat(LONGEST)));
        assert_eq!((counts.full.get(), counts.too_long.get()), (0, 1));
        assert!(outlet.next_now().is_none());
    }
}
