//! What is told of many calls.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::super::tools::{micros, within},
    call::{Seen, Trouble},
};

/// The figures of calls, each with how long it took from when it was due. Times are those of good answers, to their first
/// token where they are streamed, in microseconds.
pub(super) fn figures(ended: &[(Duration, Result<Seen, Trouble>)]) -> Value {
    let good: Vec<_> = ended.iter().filter_map(|(time, seen)| Some((*time, seen.as_ref().ok()?))).collect();
    let times: Vec<_> = good.iter().map(|(time, seen)| time.saturating_sub(seen.after_first())).collect();
    let tokens: Vec<_> = good.iter().flat_map(|(_, seen)| seen.tokens.iter().copied()).collect();
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len().max(1) as f64;
    json!({
        "calls": ended.len(),
        "errors": ended.len() - good.len(),
        "error": ended.iter().find_map(|(_, seen)| Some(&seen.as_ref().err()?.said)),
        "mean": mean,
        "p50": micros(within(&times, 0.5)),
        "p95": micros(within(&times, 0.95)),
        "p99": micros(within(&times, 0.99)),
        "tokens": tokens.len(),
        "token_p50": micros(within(&tokens, 0.5)),
        "token_p99": micros(within(&tokens, 0.99)),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{
        super::call::{Seen, Trouble},
        figures,
    };

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn failures_are_counted_and_their_times_are_not() {
        let mut ended: Vec<_> = (1..=99).map(|time| (MS * time, Ok(Seen::default()))).collect();
        let late = Trouble { said: "no answer".to_owned(), refusal: None };
        ended.push((MS * 20_000, Err(late)));
        let told = figures(&ended);
        assert_eq!((&told["calls"], &told["errors"]), (&100.into(), &1.into()));
        assert_eq!(told["error"], "no answer");
        assert_eq!((&told["p50"], &told["p99"]), (&50_000.0.into(), &99_000.0.into()));
        assert_eq!(told["mean"], 50_000.0);
    }

    #[test]
    fn a_stream_counts_to_its_first_token_and_every_token_for_itself() {
        let end = Instant::now();
        let seen =
            |late: u32| Seen { tokens: vec![MS, MS * late], first: end.checked_sub(MS * 10), end: Some(end) };
        let told = figures(&[(MS * 12, Ok(seen(3))), (MS * 14, Ok(seen(5)))]);
        assert_eq!((&told["p50"], &told["p99"]), (&2_000.0.into(), &4_000.0.into()));
        assert_eq!((&told["tokens"], &told["token_p99"]), (&4.into(), &5_000.0.into()));
    }

    #[test]
    fn without_calls_there_is_nothing_to_tell() {
        assert_eq!(figures(&[])["p50"], 0.0);
    }
}
