//! Counters in Redis.

use std::time::Duration;

use deadpool_redis::redis::Value;
use futures::FutureExt;
use jiff::Timestamp;

use super::RedisAccounts;
use crate::{AccountsError, Ask, Charge, Counters, Measure, Settlement, Tally, Verdict, counters::Answered};

/// Numbers of one account in an answer.
const NUMBERS: usize = 12;

impl RedisAccounts {
    async fn reserve_once(&self, ask: &Ask) -> Result<Verdict, AccountsError> {
        let answer = self.server.run(&self.server.scripts.reserve, |command| {
            command.arg(&ask.id).arg(ask.tokens).arg(millis(ask.lease));
            for Charge { account, limits } in &ask.charges {
                let text = |measure| limits.of(measure).map(|limit| limit.to_string()).unwrap_or_default();
                command.arg(account).arg(&Measure::ALL.map(text));
            }
        });
        verdict(&answer.await?).ok_or(AccountsError::Corrupt { what: "the books of an account" })
    }

    async fn settle_all(&self, settlements: &[Settlement]) -> Result<(), AccountsError> {
        let settled = self.server.run(&self.server.scripts.settle, |command| {
            for settlement in settlements {
                command.arg(&settlement.id).arg(settlement.tokens);
            }
        });
        settled.await.map(drop)
    }

    async fn renew_all(&self, ids: &[String], lease: Duration) -> Result<(), AccountsError> {
        let renewed = self.server.run(&self.server.scripts.renew, |command| {
            command.arg(millis(lease)).arg(ids);
        });
        renewed.await.map(drop)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn verdict(answer: &Value) -> Option<Verdict> {
    let Value::Array(values) = answer else { return None };
    let numbers: Option<Vec<i64>> = values
        .iter()
        .map(|value| if let Value::Int(number) = value { Some(*number) } else { None })
        .collect();
    let numbers = numbers?;
    let [granted, now, books @ ..] = numbers.as_slice() else { return None };
    if books.len() % NUMBERS != 0 {
        return None;
    }
    let tallies = books.chunks_exact(NUMBERS).map(tally).collect::<Option<_>>()?;
    Some(Verdict { granted: *granted == 1, now: Timestamp::from_millisecond(*now).ok()?, tallies })
}

fn tally(numbers: &[i64]) -> Option<Tally> {
    let count = |at: usize| numbers.get(at).and_then(|number| u64::try_from(*number).ok());
    Some(Tally {
        at: *numbers.first()?,
        request_debt: count(1)?,
        token_debt: count(2)?,
        day: *numbers.get(3)?,
        requests_today: count(4)?,
        tokens_today: count(5)?,
        month: *numbers.get(6)?,
        requests_this_month: count(7)?,
        tokens_this_month: count(8)?,
        running: count(9)?,
        held: count(10)?,
        held_until: *numbers.get(11)?,
    })
}

impl Counters for RedisAccounts {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> Answered<'a, Verdict> {
        self.reserve_once(ask).boxed()
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answered<'a, ()> {
        self.settle_all(settlements).boxed()
    }

    fn renew<'a>(&'a self, ids: &'a [String], lease: Duration) -> Answered<'a, ()> {
        self.renew_all(ids, lease).boxed()
    }
}
