//! Counters in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt;

use crate::{
    Ask, Charge, Clock, Counters, Limits, Settlement, Tally, Verdict,
    counters::{Answered, Booking, SETTLED_WITHIN},
};

/// Reservations between two looks for what nobody needs any more.
const SWEEP: u32 = 4_096;

/// Counters of one process.
#[derive(Debug, Default)]
pub struct MemoryCounters {
    clock: Clock,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    accounts: HashMap<String, Account>,
    bookings: HashMap<String, Booked>,
    since_sweep: u32,
}

#[derive(Debug, Default)]
struct Account {
    tally: Tally,
    /// Until when each reservation holds its slot.
    slots: BTreeMap<String, i64>,
}

#[derive(Debug)]
struct Booked {
    booking: Booking,
    charges: Vec<Charge>,
    until: i64,
}

impl Account {
    fn roll(&mut self, limits: &Limits, now: i64) {
        self.tally.roll(limits, now);
        self.slots.retain(|_, until| *until > now);
        self.tally.running = self.slots.len() as u64;
    }
}

impl MemoryCounters {
    /// Nothing counted yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, books: Mutex::default() }
    }

    /// The books and the time, which nobody else looks at meanwhile.
    fn books(&self) -> (MutexGuard<'_, Books>, i64) {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().as_millisecond();
        (books, now)
    }

    fn reserve_now(&self, ask: &Ask) -> Verdict {
        let (mut books, now) = self.books();
        books.sweep(now);
        let mut tallies: Vec<_> = ask.charges.iter().map(|charge| books.tally(charge, now)).collect();
        let known = books.bookings.contains_key(&ask.id);
        let fits = |(charge, tally): (&Charge, &Tally)| tally.fits(&charge.limits, ask.tokens);
        let granted = known || ask.charges.iter().zip(&tallies).all(fits);
        if granted && !known {
            tallies = ask.charges.iter().map(|charge| books.book(charge, ask, now)).collect();
            let booking = Booking { at: now, tokens: ask.tokens };
            let until = later(later(now, ask.lease), SETTLED_WITHIN);
            let charges = ask.charges.clone();
            books.bookings.insert(ask.id.clone(), Booked { booking, charges, until });
        }
        Verdict { granted, now: self.clock.now(), tallies }
    }

    fn settle_now(&self, settlement: &Settlement) {
        let (mut books, now) = self.books();
        let Some(booked) = books.bookings.remove(&settlement.id) else { return };
        for charge in booked.charges {
            let account = books.accounts.entry(charge.account).or_default();
            account.slots.remove(&settlement.id);
            account.roll(&charge.limits, now);
            account.tally.settle(&charge.limits, booked.booking, settlement.tokens);
        }
    }

    fn renew_now(&self, id: &str, lease: Duration) {
        let (mut books, now) = self.books();
        let Books { accounts, bookings, .. } = &mut *books;
        let Some(booked) = bookings.get_mut(id) else { return };
        booked.until = later(later(now, lease), SETTLED_WITHIN);
        for charge in &booked.charges {
            let account = accounts.entry(charge.account.clone()).or_default();
            account.tally.extend(later(now, lease));
            if charge.limits.concurrency.is_some() {
                account.slots.insert(id.to_owned(), later(now, lease));
            }
        }
    }
}

impl Books {
    fn tally(&mut self, charge: &Charge, now: i64) -> Tally {
        // An account without any use is none: whoever is refused leaves nothing behind.
        if let Some(account) = self.accounts.get_mut(&charge.account) {
            account.roll(&charge.limits, now);
            return account.tally.clone();
        }
        let mut tally = Tally::default();
        tally.roll(&charge.limits, now);
        tally
    }

    fn book(&mut self, charge: &Charge, ask: &Ask, now: i64) -> Tally {
        let account = self.accounts.entry(charge.account.clone()).or_default();
        if charge.limits.concurrency.is_some() {
            account.slots.insert(ask.id.clone(), later(now, ask.lease));
        }
        account.roll(&charge.limits, now);
        account.tally.add(&charge.limits, ask.tokens);
        account.tally.hold(ask.tokens, later(now, ask.lease));
        account.tally.clone()
    }

    /// Forgets accounts of which nothing is left to count, and reservations that nobody will settle.
    fn sweep(&mut self, now: i64) {
        self.since_sweep += 1;
        if self.since_sweep < SWEEP {
            return;
        }
        self.since_sweep = 0;
        self.bookings.retain(|_, booked| booked.until > now);
        let (_, month) = crate::counters::calendar(now);
        // A minute's bucket may hold something of the month before.
        let yesterday = now - 86_400_000;
        self.accounts.retain(|_, account| {
            account.slots.retain(|_, until| *until > now);
            account.tally.month >= month || account.tally.at > yesterday || !account.slots.is_empty()
        });
    }
}

fn later(now: i64, by: Duration) -> i64 {
    now.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

impl Counters for MemoryCounters {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> Answered<'a, Verdict> {
        async move { Ok(self.reserve_now(ask)) }.boxed()
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answered<'a, ()> {
        async move {
            for settlement in settlements {
                self.settle_now(settlement);
            }
            Ok(())
        }
        .boxed()
    }

    fn renew<'a>(&'a self, ids: &'a [String], lease: Duration) -> Answered<'a, ()> {
        async move {
            for id in ids {
                self.renew_now(id, lease);
            }
            Ok(())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicI64, Ordering},
        },
        time::Duration,
    };

    use jiff::Timestamp;

    use super::{MemoryCounters, SWEEP};
    use crate::{Ask, Charge, Clock, Counters, Limits};

    #[tokio::test]
    async fn what_nobody_needs_is_forgotten() {
        let millis = Arc::new(AtomicI64::new(0));
        let time = Arc::clone(&millis);
        let clock = Clock::new(move || Timestamp::from_millisecond(time.load(Ordering::Relaxed)).unwrap());
        let counters = MemoryCounters::new(clock);
        let limits = Limits { concurrency: Some(1), requests_per_month: Some(9), ..Limits::default() };
        let ask = |number: u32| Ask {
            id: number.to_string(),
            tokens: 0,
            lease: Duration::from_secs(1),
            charges: vec![Charge { account: format!("a{number}"), limits }],
        };
        for number in 0..SWEEP {
            counters.reserve(&ask(number)).await.unwrap();
        }
        let count = || {
            let (books, _) = counters.books();
            (books.accounts.len(), books.bookings.len())
        };
        assert_eq!(count(), (SWEEP as usize, SWEEP as usize));
        // Nothing is swept while it can matter; two months later all of it is.
        millis.store(60 * 86_400_000, Ordering::Relaxed);
        for number in 0..SWEEP {
            counters.reserve(&ask(number + SWEEP)).await.unwrap();
        }
        assert_eq!(count(), (SWEEP as usize, SWEEP as usize));
    }
}
