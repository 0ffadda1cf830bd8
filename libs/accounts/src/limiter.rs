//! Limits, held: what a request may use is reserved before it is done, and settled after.
//!
//! - [`Limiter`] reserves, with one round trip to its counters at most, and with none where nothing is limited.
//! - [`Reservation`] goes along with the request; it is settled when it is dropped, whichever way the request ends.
//! - [`Settler`] tells the counters, off everybody's way, and keeps slots of what still runs.

mod arguments;
mod reservation;
mod settler;

use std::{sync::Arc, time::Duration};

use fault::{Fault, Kind};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use uuid::Uuid;

pub use self::{
    arguments::{Choice, LimitArguments, WhenAway},
    reservation::Reservation,
    settler::Settler,
};
use self::{
    reservation::Home,
    settler::{Ended, Word},
};
use crate::{
    Account, AccountsError, Ask, Charge, Clock, Counters, LimitTable, MemoryCounters, Refusal, Scope,
    Standing, Verdict, limits::LARGEST, outage::Outage,
};

/// How long a slot is held without a word: the settler speaks three times as often.
const LEASE: Duration = Duration::from_secs(30);
/// Characters of a model's name: it becomes part of one in Redis.
const LONGEST_MODEL: usize = 128;

/// Holds requests to limits. A clone is the same limiter.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    counters: Arc<dyn Counters>,
    table: LimitTable,
    when_away: WhenAway,
    /// What this process counts by itself while the counters are away.
    local: Arc<MemoryCounters>,
    outage: Arc<Outage>,
    words: UnboundedSender<Word>,
}

impl Limiter {
    /// A limiter, and its settler, which somebody has to run.
    pub fn new(
        counters: Arc<dyn Counters>,
        table: LimitTable,
        when_away: WhenAway,
    ) -> Result<(Self, Settler), AccountsError> {
        table.check().map_err(|flaw| AccountsError::setting("limits", flaw.to_string()))?;
        let (words, heard) = unbounded_channel();
        let local = Arc::new(MemoryCounters::new(Clock::default()));
        let outage = Arc::new(Outage::new("limits"));
        let settler = Settler::new(Arc::clone(&counters), Arc::clone(&local), Arc::clone(&outage), heard);
        Ok((Self(Arc::new(Inner { counters, table, when_away, local, outage, words })), settler))
    }

    /// Reserves one request of a caller, and the tokens that it uses at most: those of its prompt and all that it may
    /// have answered. [`AccountsError::Limited`] is of the kind `ResourceExhausted`, or `FailedPrecondition` where
    /// no wait makes room; then nothing was counted.
    ///
    /// `model` has to be one that exists, since each name has an account of its own.
    pub async fn reserve(
        &self,
        who: &Account,
        model: Option<&str>,
        tokens_at_most: u64,
    ) -> Result<Reservation, AccountsError> {
        check(model, tokens_at_most)?;
        let (scopes, charges) = self.charges(who, model);
        if charges.is_empty() {
            return Ok(Reservation::free());
        }
        let id = Uuid::new_v4().simple().to_string();
        let mut ask = Ask { id, tokens: tokens_at_most, lease: LEASE, charges };
        let (verdict, home) = self.verdict(&mut ask).await?;
        let Ask { id, charges, .. } = ask;
        if verdict.granted {
            let standing = Standing::new(&charges, &verdict.tallies);
            return Ok(Reservation::new(id, home, standing, self.0.words.clone()));
        }
        let refusal = Refusal::new(&scopes, &charges, &verdict.tallies, tokens_at_most);
        let unfounded = AccountsError::Corrupt { what: "the books of an account" };
        Err(refusal.map_or(unfounded, |refusal| AccountsError::Limited(Box::new(refusal))))
    }

    /// Whether anything bounds such a request. Where nothing does, nobody has to know how much it may use.
    pub fn bounds(&self, who: &Account, model: Option<&str>) -> bool {
        let table = &self.0.table;
        let own = [who.limits, table.keys, table.global];
        own.iter().any(|limits| !limits.is_empty())
            || model.is_some_and(|model| !table.of_model(model).is_empty())
    }

    fn charges(&self, who: &Account, model: Option<&str>) -> (Vec<Scope>, Vec<Charge>) {
        let table = &self.0.table;
        let key = (Scope::Key(who.id.clone()), who.limits.or(table.keys));
        let model = model.map(|model| (Scope::Model(model.to_owned()), table.of_model(model)));
        let all = [Some(key), model, Some((Scope::Global, table.global))];
        let limited = all.into_iter().flatten().filter(|(_, limits)| !limits.is_empty());
        limited
            .map(|(scope, limits)| {
                let account = scope.account();
                (scope, Charge { account, limits })
            })
            .unzip()
    }

    /// What the counters say, or what this process does by itself; then the limits are its part of them.
    async fn verdict(&self, ask: &mut Ask) -> Result<(Verdict, Home), AccountsError> {
        match (self.shared(ask).await, self.0.when_away) {
            (Err(away), WhenAway::Open { replicas }) if away.kind() == Kind::Unavailable => {
                for charge in &mut ask.charges {
                    charge.limits = charge.limits.shared_by(replicas);
                }
                Ok((self.0.local.reserve(ask).await?, Home::Local))
            }
            (answer, _) => answer.map(|verdict| (verdict, Home::Shared)),
        }
    }

    async fn shared(&self, ask: &Ask) -> Result<Verdict, AccountsError> {
        let mut doubt = Doubt { id: Some(ask.id.clone()), words: &self.0.words };
        let verdict = self.0.outage.ask(self.0.counters.reserve(ask)).await;
        // Nobody was asked, or the answer is here: there is no doubt what was reserved.
        if !matches!(verdict, Err(AccountsError::Redis { .. })) {
            doubt.id = None;
        }
        verdict
    }
}

/// A reservation that may have been made though nobody knows: its answer was lost, or its caller went away. It is taken
/// back.
struct Doubt<'a> {
    id: Option<String>,
    words: &'a UnboundedSender<Word>,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            // Without a settler nothing is settled, and leases end by themselves.
            drop(self.words.send(Word::Ended(Ended { id, tokens: 0, home: Home::Shared })));
        }
    }
}

fn check(model: Option<&str>, tokens: u64) -> Result<(), AccountsError> {
    let usable = |name: &str| {
        (1..=LONGEST_MODEL).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if model.is_some_and(|model| !usable(model)) {
        let expected =
            format!("expected a model's name in 1 to {LONGEST_MODEL} ASCII characters without spaces");
        return Err(AccountsError::invalid("model", expected));
    }
    if tokens > LARGEST {
        return Err(AccountsError::invalid(
            "max_tokens",
            format!("expected at most {LARGEST}, got {tokens}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
