//! Questions to the store: one for all who ask the same at the same time, and only so many about strangers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::OnceCell, time::Instant};

use super::Known;
use crate::{AccountsError, Key, KeyStore, outage::Outage, secret::Digest};

/// Questions about secrets that turned out to be nobody's, in a second: what a flood of guesses may cost the store.
const MOST_STRANGERS: u32 = 200;
const SECOND: Duration = Duration::from_secs(1);
/// Questions that nobody waits for any more are thrown away when there are so many.
const TIDY: usize = 1_024;

type Question = OnceCell<Result<Known, AccountsError>>;

pub(super) struct Lookups {
    store: Arc<dyn KeyStore>,
    outage: Outage,
    open: Mutex<HashMap<Digest, Weak<Question>>>,
    strangers: Mutex<Strangers>,
}

/// Strangers in the current second, and those who may turn out to be.
struct Strangers {
    since: Instant,
    seen: u32,
}

impl Lookups {
    pub(super) fn new(store: Arc<dyn KeyStore>) -> Self {
        let strangers = Strangers { since: Instant::now(), seen: 0 };
        Self {
            store,
            outage: Outage::new("API keys"),
            open: Mutex::default(),
            strangers: Mutex::new(strangers),
        }
    }

    /// Asks the store, or waits for the answer that somebody else is about to have. `keep` gets the answer and the time of
    /// the question. Whoever `is_known` is looked up however many strangers knock.
    pub(super) async fn find(
        &self,
        digest: &Digest,
        is_known: bool,
        keep: impl Fn(Option<Key>, Instant) -> Known,
    ) -> Result<Known, AccountsError> {
        let question = self.question(digest);
        // If whoever asks goes away, the next one asks.
        let ask = || async {
            if !is_known {
                self.admit()?;
            }
            let since = Instant::now();
            let answer = self.outage.ask(self.store.find(digest)).await;
            if !is_known && !matches!(answer, Ok(None)) {
                self.excuse();
            }
            Ok(keep(answer?, since))
        };
        let answer = question.get_or_init(ask).await.clone();
        let mut open = self.open();
        if open.get(digest).is_some_and(|other| other.ptr_eq(&Arc::downgrade(&question))) {
            open.remove(digest);
        }
        answer
    }

    fn question(&self, digest: &Digest) -> Arc<Question> {
        let mut open = self.open();
        if let Some(asked) = open.get(digest).and_then(Weak::upgrade) {
            return asked;
        }
        if open.len() >= TIDY {
            open.retain(|_, question| question.strong_count() > 0);
        }
        let question = Arc::new(Question::new());
        open.insert(*digest, Arc::downgrade(&question));
        question
    }

    fn admit(&self) -> Result<(), AccountsError> {
        let mut strangers = self.strangers();
        let passed = strangers.since.elapsed();
        if passed >= SECOND {
            *strangers = Strangers { since: Instant::now(), seen: 0 };
        }
        if strangers.seen >= MOST_STRANGERS {
            return Err(AccountsError::Away { what: "API keys", retry_after: SECOND.saturating_sub(passed) });
        }
        strangers.seen += 1;
        Ok(())
    }

    /// It was no stranger, or nobody knows.
    fn excuse(&self) {
        let mut strangers = self.strangers();
        strangers.seen = strangers.seen.saturating_sub(1);
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Question>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
