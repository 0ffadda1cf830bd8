//! When a token was sent, written into its text: model and caller are on one machine and read one clock.

use std::time::{Duration, UNIX_EPOCH};

/// Now, as the text of a token.
pub(super) fn stamp() -> String {
    now().as_nanos().to_string()
}

/// How long ago the text was written; nothing where it is no stamp.
pub(super) fn since(text: &str) -> Option<Duration> {
    let nanos: u64 = text.trim().parse().ok()?;
    // The clock may have been put right meanwhile.
    Some(now().saturating_sub(Duration::from_nanos(nanos)))
}

fn now() -> Duration {
    UNIX_EPOCH.elapsed().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{since, stamp};

    #[test]
    fn a_stamp_says_how_long_ago_it_was_made() {
        assert!(since(&stamp()).unwrap() < Duration::from_mins(1));
        assert!(since("0").unwrap() > Duration::from_hours(24));
        assert_eq!(since("hello"), None);
    }
}
