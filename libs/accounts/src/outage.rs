//! Whether Redis is away, so that not every caller has to wait to find that out.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fault::{Chain, Fault, Kind};
use tokio::time::Instant;

use crate::AccountsError;

/// Between two attempts while nothing comes of them.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known of something that may be away.
#[derive(Debug)]
pub(crate) struct Outage {
    what: &'static str,
    /// When somebody may try again; nothing while all is well.
    next: Mutex<Option<Instant>>,
}

impl Outage {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, next: Mutex::new(None) }
    }

    /// Asks, unless it was away a moment ago: then one caller at a time tries, and the others are told so at once.
    pub(crate) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, AccountsError>>,
    ) -> Result<T, AccountsError> {
        self.may_try()?;
        let answer = question.await;
        match &answer {
            Err(error) if error.kind() == Kind::Unavailable => self.begins(error),
            _ => self.ends(),
        }
        answer
    }

    fn may_try(&self) -> Result<(), AccountsError> {
        let (mut next, now) = (self.next(), Instant::now());
        match *next {
            Some(then) if now < then => Err(AccountsError::Away { what: self.what, retry_after: then - now }),
            Some(_) => {
                *next = Some(now + PAUSE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn begins(&self, error: &AccountsError) {
        if self.next().replace(Instant::now() + PAUSE).is_none() {
            tracing::warn!(error = %Chain(error), "{} are away", self.what);
        }
    }

    fn ends(&self) {
        if self.next().take().is_some() {
            tracing::info!("{} are back", self.what);
        }
    }

    fn next(&self) -> MutexGuard<'_, Option<Instant>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, time::Duration};

    use super::{Outage, PAUSE};
    use crate::AccountsError;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_tries_until_it_is_back() {
        let outage = Outage::new("keys");
        let fails = || async { Err::<(), _>(AccountsError::redis("look", "no")) };
        assert!(matches!(outage.ask(fails()).await, Err(AccountsError::Redis { .. })));
        for _ in 0..3 {
            let away = outage.ask(ready(Ok(()))).await.unwrap_err();
            assert!(matches!(away, AccountsError::Away { retry_after, .. } if retry_after <= PAUSE));
        }
        tokio::time::advance(PAUSE).await;
        let slow = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok(())
        };
        let (first, second) = tokio::join!(outage.ask(slow), outage.ask(async { Ok(()) }));
        assert!(first.is_ok() && matches!(second, Err(AccountsError::Away { .. })));
        outage.ask(async { Ok(()) }).await.unwrap();
    }
}
