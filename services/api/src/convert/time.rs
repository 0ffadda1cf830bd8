//! Lengths of time.

use std::time::Duration;

use contract::Invalid;

/// The lives that a URL can have, as S3 has them.
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_hours(7 * 24);

/// A length of time of at most `most`, if it is there.
pub(super) fn length(
    field: &str,
    given: Option<prost_types::Duration>,
    most: Duration,
) -> Result<Option<Duration>, Invalid> {
    let Some(given) = given else { return Ok(None) };
    match Duration::try_from(given) {
        Ok(length) if length <= most => Ok(Some(length)),
        _ => Err(Invalid::field(field, format!("must be 0 to {} seconds, but is {given}", most.as_secs()))),
    }
}

/// How long a URL is good for: one second to seven days, a quarter of an hour if nothing is said.
pub(crate) fn lifetime(given: Option<prost_types::Duration>) -> Result<Duration, Invalid> {
    let Some(given) = given else { return Ok(Duration::from_mins(15)) };
    match Duration::try_from(given) {
        Ok(length) if (LEAST..=MOST).contains(&length) => Ok(length),
        _ => {
            let rule = format!("must be {} to {} seconds, but is {given}", LEAST.as_secs(), MOST.as_secs());
            Err(Invalid::field("valid_for", rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::lifetime;

    #[test]
    fn a_url_lives_for_a_second_to_a_week() {
        let of = |seconds| lifetime(Some(prost_types::Duration { seconds, nanos: 0 }));
        assert_eq!(lifetime(None).unwrap(), Duration::from_mins(15));
        assert_eq!(of(604_800).unwrap(), Duration::from_hours(168));
        for wrong in [-1, 0, 604_801, i64::MAX] {
            let error = of(wrong).unwrap_err().to_string();
            assert!(error.contains("1 to 604800 seconds"), "{error}");
        }
    }
}
