//! Jobs that start by the clock.

use std::{str::FromStr, time::SystemTime};

use croner::Cron;
use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::{
    JobsError, Name, NewJob, Payload, Priority,
    wire::{Reader, Writer, decode_body, encode_body},
};

/// What becomes of ticks at which nobody was there to start a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They are forgotten, if they are more than a minute old.
    Skip,
    /// One job stands for all of them.
    #[default]
    Once,
    /// Each starts its job, the latest hundred at most.
    Every,
}

/// Ticks that one call starts at most, so that a long absence does not flood the queue.
const CATCH_UP: usize = 100;
const LATE: i64 = 60_000;

/// Starts a job at each tick of a cron expression.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name in the queue.
    pub name: Name,
    /// Five fields, `minute hour day month weekday`, or six with seconds first; `@daily` and the like too.
    pub cron: String,
    /// The IANA time zone in which the expression is meant, such as `Asia/Seoul`.
    pub zone: String,
    /// What becomes of missed ticks.
    pub missed: Missed,
    /// The handler.
    pub kind: Name,
    /// Whose share of the queue the jobs take.
    pub tenant: Name,
    /// How urgent the jobs are.
    pub priority: Priority,
    /// What each of them works on.
    pub payload: Payload,
}

/// The ticks to start now, and the one to wait for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ticks {
    pub(crate) due: Vec<i64>,
    pub(crate) next: Option<i64>,
}

impl Schedule {
    /// The header of a started job that says which tick it stands for.
    pub const HEADER: &'static str = "scheduled-at";

    pub(crate) fn check(&self) -> Result<(), JobsError> {
        self.clock()?;
        self.job(0)?.check()
    }

    /// The first tick after a time; `None` where none follows, such as on the 30th of February.
    pub fn next(&self, after: SystemTime) -> Result<Option<Timestamp>, JobsError> {
        let after = Timestamp::try_from(after).map_err(|_far| JobsError::invalid("after", "too far away"))?;
        let next = self.after(after.as_millisecond())?;
        Ok(next.and_then(|tick| Timestamp::from_millisecond(tick).ok()))
    }

    /// The first tick after a time, all in milliseconds since 1970.
    pub(crate) fn after(&self, time: i64) -> Result<Option<i64>, JobsError> {
        self.clock()?.after(time)
    }

    /// What to do when the tick `first` is due and it is `now`.
    pub(crate) fn due(&self, first: i64, now: i64) -> Result<Ticks, JobsError> {
        let clock = self.clock()?;
        let most = if self.missed == Missed::Every { CATCH_UP } else { 1 };
        // Backwards from now, since only the latest matter and a long absence may have had millions.
        let mut due = Vec::new();
        let mut latest = clock.before(now, true)?;
        while let Some(tick) = latest.filter(|tick| *tick >= first && due.len() < most) {
            due.push(tick);
            latest = clock.before(tick, false)?;
        }
        due.reverse();
        if self.missed == Missed::Skip {
            due.retain(|tick| now - tick <= LATE);
        }
        let next = clock.after(now)?;
        Ok(Ticks { due, next })
    }

    /// The job of a tick.
    pub(crate) fn job(&self, tick: i64) -> Result<NewJob, JobsError> {
        let at = Timestamp::from_millisecond(tick).map_err(|_far| JobsError::Corrupt { what: "a tick" })?;
        let mut job = NewJob::new(self.kind.clone(), self.tenant.clone(), self.payload.clone());
        job.priority = self.priority;
        job.headers.insert(Self::HEADER.to_owned(), at.to_string());
        Ok(job)
    }

    fn clock(&self) -> Result<Clock, JobsError> {
        let cron = Cron::from_str(&self.cron).map_err(|wrong| {
            JobsError::invalid("cron", format!("expected a cron expression such as `0 3 * * *`: {wrong}"))
        })?;
        let zone = TimeZone::get(&self.zone).map_err(|_unknown| {
            JobsError::invalid("zone", format!("expected an IANA time zone, got {:?}", self.zone))
        })?;
        Ok(Clock { cron, zone })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let missed = match self.missed {
            Missed::Skip => "skip",
            Missed::Once => "once",
            Missed::Every => "every",
        };
        let words = [&self.cron, &self.zone, missed, self.kind.as_str(), self.tenant.as_str()];
        let mut writer = Writer::default();
        for word in words.into_iter().chain([self.priority.word()]) {
            writer.put(word.as_bytes());
        }
        writer.put(&encode_body(&self.payload, &std::collections::BTreeMap::new()));
        writer.into_bytes()
    }

    pub(crate) fn decode(name: &str, bytes: &[u8]) -> Result<Self, JobsError> {
        let mut reader = Reader::new(bytes, "a schedule");
        Ok(Self {
            name: Name::new("schedule", name)?,
            cron: reader.text()?.to_owned(),
            zone: reader.text()?.to_owned(),
            missed: match reader.text()? {
                "skip" => Missed::Skip,
                "every" => Missed::Every,
                _ => Missed::Once,
            },
            kind: Name::new("kind", reader.text()?)?,
            tenant: Name::new("tenant", reader.text()?)?,
            priority: Priority::parse(reader.text()?).unwrap_or_default(),
            payload: decode_body(reader.take()?)?.0,
        })
    }
}

struct Clock {
    cron: Cron,
    zone: TimeZone,
}

impl Clock {
    /// `None` where no tick follows, such as on the 30th of February.
    fn after(&self, time: i64) -> Result<Option<i64>, JobsError> {
        let next = self.cron.find_next_occurrence(&self.at(time)?, false);
        Ok(next.ok().map(|next| next.timestamp().as_millisecond()))
    }

    fn before(&self, time: i64, or_at: bool) -> Result<Option<i64>, JobsError> {
        let previous = self.cron.find_previous_occurrence(&self.at(time)?, or_at);
        Ok(previous.ok().map(|previous| previous.timestamp().as_millisecond()))
    }

    fn at(&self, time: i64) -> Result<Zoned, JobsError> {
        let time = Timestamp::from_millisecond(time).map_err(|_far| JobsError::Corrupt { what: "a tick" })?;
        Ok(time.to_zoned(self.zone.clone()))
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::{Missed, Schedule, Ticks};
    use crate::{Name, Payload, Priority};

    const MINUTE: i64 = 60_000;

    fn schedule(cron: &str, zone: &str, missed: Missed) -> Schedule {
        let name = |text| Name::new("name", text).unwrap();
        Schedule {
            name: name("nightly"),
            cron: cron.to_owned(),
            zone: zone.to_owned(),
            missed,
            kind: name("kind"),
            tenant: name("tenant"),
            priority: Priority::Low,
            payload: Payload::Inline(vec![1]),
        }
    }

    fn millis(text: &str) -> i64 {
        instant(text).as_millisecond()
    }

    fn instant(text: &str) -> jiff::Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_wrong_expression_or_zone_is_named() {
        for (cron, zone, field) in [("61 * * * *", "UTC", "cron"), ("* * * * *", "Mars/Base", "zone")] {
            let error = schedule(cron, zone, Missed::Once).check().unwrap_err();
            assert_eq!(error.violations()[0].field, field);
        }
    }

    #[test]
    fn ticks_follow_the_wall_clock_of_the_zone() {
        let berlin = schedule("30 2 * * *", "Europe/Berlin", Missed::Once);
        let next = berlin.after(millis("2026-07-01T00:00:00Z")).unwrap();
        assert_eq!(next, Some(millis("2026-07-01T00:30:00Z")));
        let winter = berlin.after(millis("2026-12-01T00:00:00Z")).unwrap();
        assert_eq!(winter, Some(millis("2026-12-01T01:30:00Z")));
        let never = schedule("0 0 30 2 *", "UTC", Missed::Once);
        assert_eq!(never.after(0).unwrap(), None);
        let time = std::time::SystemTime::from(instant("2026-07-01T00:00:00Z"));
        assert_eq!(berlin.next(time).unwrap(), Some(instant("2026-07-01T00:30:00Z")));
        assert_eq!(never.next(time).unwrap(), None);
    }

    #[test]
    fn a_night_of_one_hour_less_or_more_has_one_tick() {
        let berlin = schedule("30 2 * * *", "Europe/Berlin", Missed::Every);
        // The clocks go forward on 29 March 2026 at 2:00 and back on 25 October 2026 at 3:00.
        for (from, to) in [
            ("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
            ("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ] {
            let first = berlin.after(millis(from)).unwrap().unwrap();
            assert_eq!(berlin.due(first, millis(to)).unwrap().due.len(), 1, "{from}");
        }
    }

    #[test]
    fn each_policy_says_what_becomes_of_missed_ticks() {
        let due = |missed, now| schedule("* * * * *", "UTC", missed).due(MINUTE, now).unwrap();
        let (now, next) = (5 * MINUTE + 1, Some(6 * MINUTE));
        let every = (1..=5).map(|minute| minute * MINUTE).collect();
        assert_eq!(due(Missed::Every, now), Ticks { due: every, next });
        assert_eq!(due(Missed::Every, 500 * MINUTE).due.len(), super::CATCH_UP);
        let once = due(Missed::Once, now);
        assert_eq!((once.due.len(), once.next), (1, next));
        let hourly = schedule("0 * * * *", "UTC", Missed::Skip);
        assert_eq!(hourly.due(60 * MINUTE, 62 * MINUTE).unwrap().due, []);
        assert_eq!(hourly.due(60 * MINUTE, 61 * MINUTE).unwrap().due, [60 * MINUTE]);
    }

    #[test]
    fn a_schedule_is_read_as_it_was_written() {
        let written = schedule("0 3 * * *", "Asia/Seoul", Missed::Skip);
        let read = Schedule::decode("nightly", &written.encode()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{written:?}"));
    }
}
