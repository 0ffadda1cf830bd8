//! When a key ends, as people write it.

use jiff::{
    Span, Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};

/// The length of `2027-06-30`. What is longer has a time of day, which a date would drop.
const DATE: usize = 10;
/// The day on which the times end that can be told.
const LAST_DAY: Date = date(9999, 12, 30);

/// Reads a time, a date or a length of time from now; for clap's `value_parser`.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    after(text, Timestamp::now())
}

fn after(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if is_unclear(text) {
        return Err("m may be minutes or months: write min or mo, such as 30min or 6mo".to_owned());
    }
    let time = text.parse().ok().or_else(|| beginning(text)).or_else(|| later(text, now));
    let time = time.ok_or_else(|| {
        if is_too_far(text) {
            return format!("{text} is too far away: the latest is {}", Timestamp::MAX);
        }
        "expected when it ends: a length of time such as 90d or 1y, a date such as 2027-06-30, or a time such as \
         2027-06-30T12:00:00Z"
            .to_owned()
    })?;
    if time <= now {
        return Err(format!("{time} is over: expected a time in the future"));
    }
    Ok(time)
}

/// The first moment of a day in UTC.
fn beginning(text: &str) -> Option<Timestamp> {
    let date = text.parse::<Date>().ok().filter(|_| text.len() == DATE)?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// So long after `now`, by UTC's calendar: a month is not always as long.
fn later(text: &str, now: Timestamp) -> Option<Timestamp> {
    let length = text.parse::<Span>().ok()?;
    Some(now.to_zoned(TimeZone::UTC).checked_add(length).ok()?.timestamp())
}

/// Whether an `m` is a unit by itself without hours or months before it. To the parser it is a minute; whoever has just read
/// of `90d` and `1y` may mean a month.
fn is_unclear(text: &str) -> bool {
    let units: Vec<_> = text.split(|c: char| !c.is_ascii_alphabetic()).collect();
    let minutes = units.iter().position(|unit| *unit == "m");
    let tells = |unit: &&str| unit.starts_with('h') || unit.starts_with("mo");
    minutes.is_some_and(|at| !units[..at].iter().any(tells))
}

/// Whether what is no time is one beyond those that can be told.
fn is_too_far(text: &str) -> bool {
    let day = text.get(..DATE).and_then(|day| day.parse::<Date>().ok());
    day.is_some_and(|day| day >= LAST_DAY) || text.parse::<Span>().is_ok_and(Span::is_positive)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::after;

    fn read(text: &str) -> Result<String, String> {
        let now: Timestamp = "2027-01-31T12:00:00Z".parse().unwrap();
        after(text, now).map(|time| time.to_string())
    }

    #[test]
    fn a_time_a_date_and_a_length_of_time_are_understood() {
        for (text, time) in [
            ("2027-06-30T12:00:00Z", "2027-06-30T12:00:00Z"),
            ("2027-06-30T12:00:00+09:00", "2027-06-30T03:00:00Z"),
            ("2027-06-30", "2027-06-30T00:00:00Z"),
            ("90d", "2027-05-01T12:00:00Z"),
            ("1 month", "2027-02-28T12:00:00Z"),
            ("1y", "2028-01-31T12:00:00Z"),
            ("1h 30m", "2027-01-31T13:30:00Z"),
            ("30min", "2027-01-31T12:30:00Z"),
            ("6mo", "2027-07-31T12:00:00Z"),
            ("9999-12-30", "9999-12-30T00:00:00Z"),
            ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
        ] {
            assert_eq!(read(text).unwrap(), time, "{text}");
        }
    }

    #[test]
    fn what_is_over_or_unclear_is_refused() {
        for text in ["2027-01-31", "2020-01-01T00:00:00Z", "-90d", "0s"] {
            assert!(read(text).unwrap_err().contains("in the future"), "{text}");
        }
        // A time of day without a zone is a different moment to each reader.
        for text in ["", "90", "soon", "2027-06-30T12:00:00", "30.06.2027", "99999999y"] {
            assert!(read(text).unwrap_err().contains("such as 90d"), "{text}");
        }
    }

    #[test]
    fn an_m_that_may_be_minutes_or_months_is_not_taken() {
        for text in ["1m", "90 m", "1y6m", "1y 6m", "2w3m"] {
            assert!(read(text).unwrap_err().contains("30min or 6mo"), "{text}");
        }
        for text in ["1mo 5m", "1hr30m", "5ms"] {
            read(text).unwrap();
        }
    }

    #[test]
    fn what_is_too_far_away_is_told_how_far_there_is() {
        for text in ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-30T22:00:01Z", "9000y"] {
            assert!(read(text).unwrap_err().contains("the latest is 9999-12-30T22:00:00"), "{text}");
        }
    }
}
