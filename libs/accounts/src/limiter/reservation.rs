//! What one request may use.

use tokio::sync::mpsc::UnboundedSender;

use super::settler::{Ended, Word};
use crate::Standing;

/// Room for one request. However it is dropped, at the end of the answer or because a caller has gone, the settler hears of
/// it and gives back what was not used.
#[derive(Debug)]
#[must_use = "a reservation that is dropped is settled"]
pub struct Reservation {
    standing: Standing,
    used: u64,
    /// Nothing where nothing is limited.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    id: String,
    home: Home,
    words: UnboundedSender<Word>,
}

/// Where it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Shared,
    Local,
}

impl Reservation {
    /// Where nothing is limited.
    pub(super) fn free() -> Self {
        Self { standing: Standing::default(), used: 0, held: None }
    }

    pub(super) fn new(id: String, home: Home, standing: Standing, words: UnboundedSender<Word>) -> Self {
        // Without a settler nothing is settled, and leases end by themselves.
        drop(words.send(Word::Began { id: id.clone(), home }));
        Self { standing, used: 0, held: Some(Held { id, home, words }) }
    }

    /// How the limits stood when this was reserved, it included.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether this process counts it by itself, since the counters were away.
    pub fn is_local(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.home == Home::Local)
    }

    /// Says how many tokens have been used so far, which is what counts if nobody comes to say more. Say it as soon as the
    /// prompt has been read: until then a caller that goes away has used none.
    pub fn note(&mut self, tokens: u64) {
        self.used = tokens;
    }

    /// Ends it, with the tokens that were used in the end.
    pub fn settle(mut self, tokens: u64) {
        self.note(tokens);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(Held { id, home, words }) = self.held.take() {
            drop(words.send(Word::Ended(Ended { id, tokens: self.used, home })));
        }
    }
}
