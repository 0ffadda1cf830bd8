//! Counts.

use std::str::FromStr;

/// Reads a whole number; the error says so. For clap's `value_parser`.
pub fn count<N: FromStr>(text: &str) -> Result<N, String> {
    match text.parse::<u64>() {
        // It is a number of that kind, and yet not of this type: the type is too small for it.
        Ok(_) => text.parse().map_err(|_large| "expected a smaller number".to_owned()),
        Err(_) => Err("expected a whole number, 0 or more".to_owned()),
    }
}

/// The same of a number above 0, for what nothing could be done with none of.
pub fn positive<N: FromStr>(text: &str) -> Result<N, String> {
    if text.parse::<u64>().is_ok_and(|number| number > 0) {
        count(text)
    } else {
        Err("expected a whole number, 1 or more".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::{count, positive};

    #[test]
    fn a_count_is_a_whole_number_above_nothing() {
        assert_eq!(positive::<usize>("7"), Ok(7));
        assert_eq!(positive("1"), Ok(NonZeroUsize::MIN));
        for wrong in ["0", "-5", "1.5", "", "many", "99999999999999999999"] {
            assert_eq!(
                positive::<usize>(wrong).unwrap_err(),
                "expected a whole number, 1 or more",
                "{wrong}"
            );
        }
        assert_eq!(positive::<u32>("5000000000").unwrap_err(), "expected a smaller number");
        assert_eq!(count::<u16>("0"), Ok(0));
        for (wrong, told) in [("-5", "a whole number, 0 or more"), ("65536", "a smaller number")] {
            assert_eq!(count::<u16>(wrong).unwrap_err(), format!("expected {told}"));
        }
    }
}
