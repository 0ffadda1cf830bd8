//! A length of time.

use std::time::Duration;

use jiff::SignedDuration;

/// Longer than any wait that somebody means, and far from what a clock cannot add.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Reads `30s`, `500ms`, `2m` or `1h 30m`, up to 366 days; the error says so. For clap's `value_parser`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<SignedDuration>().ok().and_then(|signed| Duration::try_from(signed).ok());
    parsed.filter(|length| *length <= LONGEST).ok_or_else(|| {
        "expected a length of time with its unit, such as 30s, 500ms or 2m, and at most 366 days".to_owned()
    })
}

/// The same for what cannot be nothing, such as the time that an answer may take.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    let length = duration(text)?;
    if length.is_zero() {
        return Err("expected more than no time, such as 30s, 500ms or 2m".to_owned());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, positive_duration};

    #[test]
    fn a_duration_needs_a_unit_no_sign_and_an_end() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1m 500ms"), Ok(Duration::from_millis(60_500)));
        assert_eq!(duration("720h"), Ok(Duration::from_hours(720)));
        for wrong in ["30", "-1s", "soon", "", "s", "8785h", "9223372036854775807s", "99999999999999999999s"]
        {
            assert!(duration(wrong).is_err_and(|message| message.contains("such as 30s")), "{wrong}");
        }
    }

    #[test]
    fn no_time_at_all_is_a_duration_and_not_a_positive_one() {
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(positive_duration("1ms"), Ok(Duration::from_millis(1)));
        assert!(positive_duration("0s").is_err_and(|message| message.contains("such as 30s")));
        assert!(positive_duration("30").is_err_and(|message| message.contains("its unit")));
    }
}
