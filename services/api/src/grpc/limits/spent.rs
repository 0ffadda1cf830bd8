//! Callers who have used up their requests, for the moment.
//!
//! Whoever comes too often comes again. Until a request of theirs may have room they can be told so at the door, by
//! what they show there: nobody has to look their key up, read what they want, or ask the counters. That is exact, as a
//! request is never given back; tokens and slots are, so callers without those are not remembered here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use accounts::{Measure, Refusal, Scope};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tonic::Status;

/// How long a refusal is repeated before the counters are asked again: an operator may have given the caller more.
const LONGEST: Duration = Duration::from_secs(1);
/// How many callers are remembered.
const MOST: usize = 4_096;

/// What is remembered, by the hash of what a caller shows. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Spent(Arc<Mutex<HashMap<[u8; 32], Known>>>);

/// A refusal, and how long it holds.
struct Known {
    refusal: Arc<Refusal>,
    told: Arc<rpc::Refusal>,
    until: Instant,
}

impl Spent {
    /// Remembers a refusal, and what it was told as, if it holds for whatever this caller asks next.
    pub(super) fn note(&self, credential: &HeaderValue, refusal: Refusal, status: &Status) {
        let Some(wait) = refusal.retry_after.filter(|_| is_of_requests(&refusal)) else { return };
        let now = Instant::now();
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, known| now < known.until);
        }
        if all.len() < MOST {
            let (refusal, told) = (Arc::new(refusal), Arc::new(rpc::Refusal::new(status)));
            all.insert(hash(credential), Known { refusal, told, until: now + wait.min(LONGEST) });
        }
    }

    /// The refusal of a caller who shows this, and how it was told.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<(Arc<Refusal>, Arc<rpc::Refusal>)> {
        let mut all = self.all();
        // As nearly always: then nothing is hashed.
        if all.is_empty() {
            return None;
        }
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let credential = hash(shown.next()?);
        let known = all.get(&credential).filter(|_| shown.next().is_none())?;
        if Instant::now() < known.until {
            return Some((Arc::clone(&known.refusal), Arc::clone(&known.told)));
        }
        all.remove(&credential);
        None
    }

    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what stands in the way are bounds on requests, whatever is asked for.
fn is_of_requests(refusal: &Refusal) -> bool {
    let requests = |measure: Measure| !measure.is_of_tokens() && measure != Measure::Concurrency;
    refusal.exceeded.iter().all(|one| !matches!(one.scope, Scope::Model(_)) && requests(one.measure))
}

fn hash(credential: &HeaderValue) -> [u8; 32] {
    Sha256::digest(credential.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use accounts::{Exceeded, Measure, Refusal, Scope, Standing};
    use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    use tokio::time::advance;
    use tonic::Status;

    use super::{LONGEST, MOST, Spent};

    const WAIT: Duration = Duration::from_millis(600);

    fn refusal(scope: Scope, measure: Measure, wait: Option<Duration>) -> Refusal {
        let exceeded = vec![Exceeded { scope, measure, limit: 100, left: 0, asked: 1, held: 0 }];
        Refusal { exceeded, retry_after: wait, standing: Standing::default() }
    }

    fn note(spent: &Spent, credential: &str, refusal: Refusal) {
        spent.note(
            &HeaderValue::from_str(credential).unwrap(),
            refusal,
            &Status::resource_exhausted("spent"),
        );
    }

    fn of_requests(wait: Duration) -> Refusal {
        refusal(Scope::Key("a".into()), Measure::RequestsPerMinute, Some(wait))
    }

    fn is_known(spent: &Spent, credentials: &[&str]) -> bool {
        let shown = credentials.iter().map(|shown| (AUTHORIZATION, HeaderValue::from_str(shown).unwrap()));
        spent.find(&shown.collect::<HeaderMap>()).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_spent_their_requests_is_known_until_there_may_be_one_and_others_are_not() {
        let spent = Spent::default();
        note(&spent, "Bearer a", of_requests(WAIT));
        assert!(!is_known(&spent, &["Bearer b"]) && !is_known(&spent, &[]));
        assert!(!is_known(&spent, &["Bearer a", "Bearer a"]), "what that opens is not ours to say");
        advance(Duration::from_millis(599)).await;
        assert!(is_known(&spent, &["Bearer a"]));
        advance(Duration::from_millis(1)).await;
        assert!(!is_known(&spent, &["Bearer a"]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_counters_are_asked_again_soon_and_more_than_so_many_are_not_remembered() {
        let spent = Spent::default();
        for caller in 0..=MOST {
            note(&spent, &format!("Bearer {caller}"), of_requests(Duration::from_hours(1)));
        }
        assert!(is_known(&spent, &["Bearer 0"]));
        assert!(!is_known(&spent, &[&format!("Bearer {MOST}")]));
        advance(LONGEST).await;
        note(&spent, "Bearer new", of_requests(WAIT));
        assert!(!is_known(&spent, &["Bearer 0"]) && is_known(&spent, &["Bearer new"]));
        assert_eq!(spent.all().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_with_less_or_elsewhere_or_be_given_back_is_not_remembered() {
        let spent = Spent::default();
        let key = || Scope::Key("a".into());
        for (scope, measure, wait) in [
            (key(), Measure::TokensPerMinute, Some(WAIT)),
            (key(), Measure::Concurrency, Some(WAIT)),
            (key(), Measure::RequestsPerDay, None),
            (Scope::Model("m".into()), Measure::RequestsPerMinute, Some(WAIT)),
        ] {
            note(&spent, "Bearer a", refusal(scope, measure, wait));
            assert!(!is_known(&spent, &["Bearer a"]), "{measure}");
        }
        note(&spent, "Bearer a", refusal(Scope::Global, Measure::RequestsPerDay, Some(WAIT)));
        assert!(is_known(&spent, &["Bearer a"]));
    }
}
