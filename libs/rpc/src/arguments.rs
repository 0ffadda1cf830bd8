//! How a duration is written on the command line.

use std::time::Duration;

const SYNTAX: &str = "expected a whole number and a unit: 250ms, 30s, 5m or 2h";

/// Reads `250ms`, `30s`, `5m` or `2h`; the error says so. For clap's `value_parser`.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let split = text.find(|it: char| !it.is_ascii_digit()).ok_or(SYNTAX)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| SYNTAX)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(SYNTAX),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or("the duration is too long")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse_duration;

    #[test]
    fn units_are_read_and_anything_else_refused() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_hours(2)));
        for text in
            ["", "5", "s", "5 s", "-5s", "1.5s", "5d", "99999999999999999999s", "9999999999999999999h"]
        {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
    }
}
