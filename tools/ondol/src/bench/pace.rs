//! Tokens per second of several streams at once, from when each token came.

use std::time::Instant;

/// The first tokens of a stream are not counted: others still read their prompts then.
const WARM: usize = 4;

/// Tokens per second of all streams together, over the time in which every one of them was generating: from the moment
/// when the last stream had its first few tokens until the first stream ended. None if there is no such time.
pub(crate) fn together(streams: &[Vec<Instant>]) -> Option<f64> {
    let begin = streams.iter().map(|stream| stream.get(WARM)).max()??;
    let end = streams.iter().map(|stream| stream.last()).min()??;
    let inside = |token: &&Instant| *token > begin && *token <= end;
    let tokens: usize = streams.iter().map(|stream| stream.iter().filter(inside).count()).sum();
    let seconds = end.checked_duration_since(*begin)?.as_secs_f64();
    (seconds > 0.0).then(|| tokens as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::together;

    #[test]
    fn counts_only_while_all_generate() {
        let start = Instant::now();
        let stream = |delay: u64, tokens: u64| -> Vec<Instant> {
            (0..tokens).map(|token| start + Duration::from_millis(delay + 10 * token)).collect()
        };
        // Both take 10 ms a token; the second begins 300 ms later and both overlap for a while.
        let rate = together(&[stream(0, 100), stream(300, 100)]).unwrap();
        assert!((rate - 200.0).abs() < 4.0, "{rate}");
        assert!(together(&[stream(0, 3)]).is_none());
        assert!(together(&[stream(0, 10), stream(5000, 10)]).is_none());
    }
}
