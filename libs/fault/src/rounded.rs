//! A length of time, as people read it.

use std::{fmt, time::Duration};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A length of time in whole numbers: `956 ms`, `12 s`, `1 min 30 s`, `7 days`. It is rounded up, so that whoever waits
/// for so long does not come too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounded(pub Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = u64::try_from(self.0.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        // What is rounded up may be a whole of the next unit.
        let [seconds, minutes, hours] = [SECOND, MINUTE, HOUR].map(|unit| exact.div_ceil(unit));
        if exact < SECOND {
            write!(f, "{exact} ms")
        } else if seconds < 60 {
            write!(f, "{seconds} s")
        } else if seconds < 60 * 60 {
            pair(f, seconds, 60, ["min", "s"])
        } else if minutes < 24 * 60 {
            pair(f, minutes, 60, ["h", "min"])
        } else {
            pair(f, hours, 24, [if hours < 48 { "day" } else { "days" }, "h"])
        }
    }
}

/// A number of the smaller unit, of which `each` are a larger one.
fn pair(f: &mut fmt::Formatter<'_>, number: u64, each: u64, [large, small]: [&str; 2]) -> fmt::Result {
    write!(f, "{} {large}", number / each)?;
    let rest = number % each;
    if rest > 0 { write!(f, " {rest} {small}") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Rounded;

    #[test]
    fn a_length_of_time_is_told_in_whole_numbers_and_never_too_short() {
        for (milliseconds, told) in [
            (0.0, "0 ms"),
            (0.2, "1 ms"),
            (955.613_03, "956 ms"),
            (999.5, "1 s"),
            (1_000.0, "1 s"),
            (11_001.0, "12 s"),
            (59_000.1, "1 min"),
            (60_000.0, "1 min"),
            (89_500.0, "1 min 30 s"),
            (3_600_000.0, "1 h"),
            (5_400_000.0, "1 h 30 min"),
            (86_400_000.0, "1 day"),
            (100_000_000.0, "1 day 4 h"),
            (604_800_000.0, "7 days"),
        ] {
            assert_eq!(Rounded(Duration::from_secs_f64(milliseconds / 1e3)).to_string(), told);
        }
        assert!(Rounded(Duration::MAX).to_string().ends_with(" h"));
    }
}
