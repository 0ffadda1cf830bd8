//! Which sequence sits in which slot of the key/value pool.
//!
//! Decoding works on one contiguous window of slots, so decoding sequences are kept together: a hole that opens inside
//! the window goes to a waiting sequence or, without one, to the last of the window. A sequence whose prompt is still
//! being read may sit inside the window as an idle row; the row's stray write lands behind its prefix, where the next
//! chunk overwrites it.

use std::ops::Range;

use crate::sequence::Sequence;

struct Seat {
    sequence: Box<Sequence>,
    /// Chunks of other prompts that went first.
    passed_over: usize,
}

/// The table of slots.
pub(super) struct Slots {
    seats: Vec<Option<Seat>>,
    /// Unread tokens that each passed-over turn makes up for. Short prompts go first, and yet every long one's turn
    /// comes: after waiting `n` turns it stands before every new prompt that is less than `n` of these shorter.
    credit: usize,
}

impl Slots {
    pub(super) fn new(slots: usize, prefill_chunk: usize) -> Self {
        Self { seats: (0..slots).map(|_| None).collect(), credit: prefill_chunk.div_ceil(4) }
    }

    /// The lowest free slot.
    pub(super) fn free(&self) -> Option<usize> {
        self.seats.iter().position(Option::is_none)
    }

    pub(super) fn seat(&mut self, slot: usize, sequence: Box<Sequence>) {
        self.seats[slot] = Some(Seat { sequence, passed_over: 0 });
    }

    pub(super) fn clear(&mut self, slot: usize) {
        self.seats[slot] = None;
    }

    pub(super) fn len(&self) -> usize {
        self.seats.iter().flatten().count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tokens cached in all slots together.
    pub(super) fn cached(&self) -> usize {
        self.seats.iter().flatten().map(|seat| seat.sequence.cached()).sum()
    }

    /// Frees the slots of those that `keep` refuses.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Sequence) -> bool) {
        for seat in &mut self.seats {
            if seat.as_ref().is_some_and(|seat| !keep(&seat.sequence)) {
                *seat = None;
            }
        }
    }

    /// The prompt to read next, with its slot.
    pub(super) fn next_to_read(&mut self) -> Option<(usize, &mut Sequence)> {
        let credit = self.credit;
        let urgency = |seat: &Seat| seat.sequence.unread().len() as i64 - (seat.passed_over * credit) as i64;
        let reading = self.seats.iter().enumerate().filter_map(|(slot, seat)| Some((slot, seat.as_ref()?)));
        let reading = reading.filter(|(_, seat)| !seat.sequence.is_decoding());
        let (chosen, _) =
            reading.min_by_key(|(_, seat)| (urgency(seat), std::cmp::Reverse(seat.passed_over)))?;
        for (slot, seat) in self.seats.iter_mut().enumerate() {
            if let Some(seat) = seat.as_mut().filter(|_| slot != chosen) {
                seat.passed_over += 1;
            }
        }
        self.seats[chosen].as_mut().map(|seat| (chosen, seat.sequence.as_mut()))
    }

    /// The sequence in `slot` if it decodes.
    pub(super) fn decoding(&mut self, slot: usize) -> Option<&mut Sequence> {
        let sequence = self.seats[slot].as_mut()?.sequence.as_mut();
        sequence.is_decoding().then_some(sequence)
    }

    /// From the first to the last slot that decodes.
    pub(super) fn window(&self) -> Option<Range<usize>> {
        let decodes = |seat: &Option<Seat>| seat.as_ref().is_some_and(|seat| seat.sequence.is_decoding());
        let first = self.seats.iter().position(decodes)?;
        let last = self.seats.iter().rposition(decodes)?;
        Some(first..last + 1)
    }

    /// The token to append and the tokens cached, for each slot of `window`.
    pub(super) fn rows(&self, window: Range<usize>) -> impl Iterator<Item = (u32, usize)> {
        self.seats[window].iter().map(|seat| match seat {
            Some(seat) if seat.sequence.is_decoding() => (seat.sequence.next(), seat.sequence.cached()),
            Some(seat) => (0, seat.sequence.cached()),
            None => (0, 0),
        })
    }

    /// A copy that shortens the window, as source, target and tokens; `None` when there is no hole in it.
    pub(super) fn next_move(&self) -> Option<(usize, usize, usize)> {
        let window = self.window()?;
        let hole = window.start + self.seats[window.clone()].iter().position(Option::is_none)?;
        let last = window.end - 1;
        Some((last, hole, self.seats[last].as_ref()?.sequence.cached()))
    }

    pub(super) fn move_seat(&mut self, from: usize, to: usize) {
        self.seats[to] = self.seats[from].take();
    }
}
