//! `x-ratelimit-*`: how the tightest limits stand.

use accounts::{Standing, Window};
use tonic::metadata::{AsciiMetadataValue, MetadataKey, MetadataMap};

const REQUESTS: [&str; 3] =
    ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
const TOKENS: [&str; 3] =
    ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];

/// Writes what is limited; the reset is in seconds, rounded up.
pub(super) fn write(standing: Standing, metadata: &mut MetadataMap) {
    for (names, window) in [(REQUESTS, standing.requests), (TOKENS, standing.tokens)] {
        let Some(Window { limit, remaining, reset, .. }) = window else { continue };
        let reset = u64::try_from(reset.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
        for (name, number) in names.into_iter().zip([limit, remaining, reset]) {
            metadata.insert(MetadataKey::from_static(name), AsciiMetadataValue::from(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use accounts::{Measure, Standing, Window};
    use tonic::metadata::MetadataMap;

    use super::write;

    #[test]
    fn only_what_is_limited_is_told_and_a_reset_is_never_too_early() {
        let window = Window {
            measure: Measure::TokensPerMinute,
            limit: 600,
            remaining: 100,
            reset: Duration::from_millis(50_001),
        };
        let mut metadata = MetadataMap::new();
        write(Standing { requests: None, tokens: Some(window) }, &mut metadata);
        let told = |name| metadata.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(told("x-ratelimit-limit-tokens"), Some("600"));
        assert_eq!(told("x-ratelimit-remaining-tokens"), Some("100"));
        assert_eq!(told("x-ratelimit-reset-tokens"), Some("51"));
        assert_eq!(metadata.len(), 3);
    }
}
