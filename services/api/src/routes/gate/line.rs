//! Who waits: the most urgent first, and of those the one who came first.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use crate::routes::Priority;

/// A line of so many at most. Whoever goes away leaves it.
pub(super) struct Line<T> {
    lines: [VecDeque<oneshot::Sender<T>>; Priority::ALL.len()],
    most: usize,
}

impl<T> Line<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { lines: Priority::ALL.map(|_| VecDeque::new()), most }
    }

    /// A place at the end of those who are as urgent. In a full line it is the place of the last of the least urgent,
    /// if there is anybody less urgent; they hear of it as their turn never comes.
    pub(super) fn join(&mut self, priority: Priority) -> Option<oneshot::Receiver<T>> {
        if !self.has_place(priority) {
            return None;
        }
        if self.length() >= self.most {
            let less_urgent = &mut self.lines[..priority as usize];
            let last = less_urgent.iter_mut().find_map(VecDeque::pop_back)?;
            drop(last);
        }
        let (turn, waiting) = oneshot::channel();
        self.lines[priority as usize].push_back(turn);
        Some(waiting)
    }

    /// Whether there is a place for somebody so urgent: a free one, or that of somebody less urgent.
    pub(super) fn has_place(&mut self, priority: Priority) -> bool {
        if self.length() >= self.most {
            self.lines.iter_mut().for_each(|line| line.retain(|waiting| !waiting.is_closed()));
        }
        self.length() < self.most || self.lines[..priority as usize].iter().any(|line| !line.is_empty())
    }

    /// Whose turn it is.
    pub(super) fn first(&mut self) -> Option<oneshot::Sender<T>> {
        self.lines.iter_mut().rev().find_map(VecDeque::pop_front)
    }

    fn length(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::Line;
    use crate::routes::Priority::{High, Low, Normal};

    #[test]
    fn the_most_urgent_go_first_and_then_those_who_came_first() {
        let mut line = Line::new(4);
        let mut waiting = [Low, Normal, High, Normal].map(|priority| line.join(priority).unwrap());
        for turn in 0..4 {
            line.first().unwrap().send(turn).unwrap();
        }
        assert!(line.first().is_none());
        assert_eq!(waiting.each_mut().map(|waiting| waiting.try_recv().unwrap()), [3, 1, 0, 2]);
    }

    #[test]
    fn in_a_full_line_the_last_of_the_least_urgent_makes_room_for_somebody_more_urgent() {
        let mut line = Line::<()>::new(3);
        let mut waiting = [Low, Low, Normal].map(|priority| line.join(priority).unwrap());
        assert!(line.join(Low).is_none());
        let _normal = line.join(Normal).unwrap();
        let states = waiting.each_mut().map(|waiting| waiting.try_recv().unwrap_err());
        assert_eq!(states, [TryRecvError::Empty, TryRecvError::Closed, TryRecvError::Empty]);
        let _high = line.join(High).unwrap();
        assert_eq!(waiting[0].try_recv(), Err(TryRecvError::Closed));
        assert!(line.join(Normal).is_none());
    }

    #[test]
    fn who_goes_away_makes_room() {
        let mut line = Line::<()>::new(1);
        drop(line.join(High));
        assert!(line.join(Low).is_some());
    }
}
