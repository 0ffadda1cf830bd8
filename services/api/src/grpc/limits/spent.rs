//! Callers who have used up their requests, for the moment.
//!
//! Whoever comes too often comes again. Until a request of theirs may have room they can be told so at the door, by what they show
//! there: nobody has to look their key up, read what they want, or ask the counters. That is exact, as a request is never given back;
//! tokens and slots are, so callers without those are not remembered here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use accounts::{AccountsError, Measure, Refusal, Scope, Window};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// How long a refusal is repeated before the counters are asked again: an operator may have given the caller more.
const LONGEST: Duration = Duration::from_secs(1);
/// As many callers are remembered.
const MOST: usize = 4_096;

/// What is remembered, by the hash of what a caller shows. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Spent(Arc<Mutex<HashMap<[u8; 32], Told>>>);

/// A refusal, and when it was made.
struct Told {
    refusal: Refusal,
    at: Instant,
    until: Instant,
}

impl Spent {
    /// Remembers a refusal, if it holds for whatever this caller asks next.
    pub(super) fn note(&self, credential: &HeaderValue, refusal: &Refusal) {
        let Some(wait) = refusal.retry_after.filter(|_| is_of_requests(refusal)) else { return };
        let at = Instant::now();
        let told = Told { refusal: refusal.clone(), at, until: at + wait.min(LONGEST) };
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, told| at < told.until);
        }
        if all.len() < MOST {
            all.insert(hash(credential), told);
        }
    }

    /// The refusal of a caller who shows this, as it stands now.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<AccountsError> {
        let mut all = self.all();
        // As nearly always: then nothing is hashed.
        if all.is_empty() {
            return None;
        }
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let credential = hash(shown.next()?);
        let told = all.get(&credential).filter(|_| shown.next().is_none())?;
        let now = Instant::now();
        if now < told.until {
            return Some(AccountsError::Limited(Box::new(later(&told.refusal, now - told.at))));
        }
        all.remove(&credential);
        None
    }

    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what stands in the way are bounds on requests, whatever is asked for.
fn is_of_requests(refusal: &Refusal) -> bool {
    let requests = |measure: Measure| !measure.is_of_tokens() && measure != Measure::Concurrency;
    refusal.exceeded.iter().all(|one| !matches!(one.scope, Scope::Model(_)) && requests(one.measure))
}

/// The same refusal after so much time.
fn later(refusal: &Refusal, passed: Duration) -> Refusal {
    let mut refusal = refusal.clone();
    refusal.retry_after = refusal.retry_after.map(|wait| wait.saturating_sub(passed));
    for window in [&mut refusal.standing.requests, &mut refusal.standing.tokens].into_iter().flatten() {
        *window = Window { reset: window.reset.saturating_sub(passed), ..*window };
    }
    refusal
}

fn hash(credential: &HeaderValue) -> [u8; 32] {
    Sha256::digest(credential.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use accounts::{AccountsError, Exceeded, Measure, Refusal, Scope, Standing, Window};
    use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    use tokio::time::advance;

    use super::{LONGEST, MOST, Spent};

    const WAIT: Duration = Duration::from_millis(600);

    fn refusal(scope: Scope, measure: Measure, wait: Option<Duration>) -> Refusal {
        let exceeded = vec![Exceeded { scope, measure, limit: 100, left: 0, asked: 1 }];
        let reset = Duration::from_mins(1);
        let requests = Some(Window { measure, limit: 100, remaining: 0, reset });
        Refusal { exceeded, retry_after: wait, standing: Standing { requests, tokens: None } }
    }

    fn of_requests(wait: Duration) -> Refusal {
        refusal(Scope::Key("a".into()), Measure::RequestsPerMinute, Some(wait))
    }

    fn showing(credentials: &[&str]) -> HeaderMap {
        credentials.iter().map(|shown| (AUTHORIZATION, HeaderValue::from_str(shown).unwrap())).collect()
    }

    fn found(spent: &Spent, credentials: &[&str]) -> Option<Refusal> {
        match spent.find(&showing(credentials))? {
            AccountsError::Limited(refusal) => Some(*refusal),
            other => panic!("{other}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_spent_their_requests_is_told_until_there_may_be_one_and_others_are_not() {
        let spent = Spent::default();
        spent.note(&HeaderValue::from_static("Bearer a"), &of_requests(WAIT));
        assert!(found(&spent, &["Bearer b"]).is_none() && found(&spent, &[]).is_none());
        assert!(found(&spent, &["Bearer a", "Bearer a"]).is_none(), "what that opens is not ours to say");
        advance(Duration::from_millis(599)).await;
        let told = found(&spent, &["Bearer a"]).unwrap();
        assert_eq!(told.retry_after, Some(Duration::from_millis(1)));
        assert_eq!(told.standing.requests.unwrap().reset, Duration::from_millis(59_401));
        advance(Duration::from_millis(1)).await;
        assert!(found(&spent, &["Bearer a"]).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_counters_are_asked_again_soon_and_more_than_so_many_are_not_remembered() {
        let spent = Spent::default();
        for caller in 0..=MOST {
            let credential = HeaderValue::from_str(&format!("Bearer {caller}")).unwrap();
            spent.note(&credential, &of_requests(Duration::from_hours(1)));
        }
        assert!(found(&spent, &["Bearer 0"]).is_some());
        assert!(found(&spent, &[&format!("Bearer {MOST}")]).is_none());
        advance(LONGEST).await;
        spent.note(&HeaderValue::from_static("Bearer new"), &of_requests(WAIT));
        assert!(found(&spent, &["Bearer 0"]).is_none() && found(&spent, &["Bearer new"]).is_some());
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
            spent.note(&HeaderValue::from_static("Bearer a"), &refusal(scope, measure, wait));
            assert!(found(&spent, &["Bearer a"]).is_none(), "{measure}");
        }
        let of_all = refusal(Scope::Global, Measure::RequestsPerDay, Some(WAIT));
        spent.note(&HeaderValue::from_static("Bearer a"), &of_all);
        assert!(found(&spent, &["Bearer a"]).is_some());
    }
}
