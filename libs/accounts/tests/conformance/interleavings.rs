//! Whatever is done in whatever order, memory and Redis say the same.

use accounts::{Charge, Limits, Measure, Tally};
use proptest::{prelude::*, test_runner::TestRunner};

use super::subject::{Subject, charge, in_memory, in_redis};

/// One thing that somebody does. Numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve { accounts: u8, tokens: u64 },
    Settle { reservation: usize, tokens: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..8_u8, 0..6_u64).prop_map(|(accounts, half)| Step::Reserve { accounts, tokens: 2 * half }),
        2 => (any::<usize>(), 0..7_u64)
            .prop_map(|(reservation, half)| Step::Settle { reservation, tokens: 2 * half }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let small = || prop::option::weighted(0.6, 1..20_u64);
    // Time goes on in Redis, by a fraction of a token in any case: a minute gives one of three requests back only after 20
    // seconds, and since tokens come in twos, an odd limit of them is never filled to the brim.
    let requests = prop::option::weighted(0.3, 2..4_u64);
    let tokens = prop::option::weighted(0.6, (0..5_u64).prop_map(|half| 2 * half + 1));
    (requests, tokens, small(), small(), small(), small(), small()).prop_map(|all| Limits {
        requests_per_minute: all.0,
        tokens_per_minute: all.1,
        requests_per_day: all.2,
        tokens_per_day: all.3,
        requests_per_month: all.4,
        tokens_per_month: all.5,
        concurrency: all.6,
    })
}

/// What is left of each limit, tokens of a minute to the nearest one.
fn left(limits: &Limits, tally: &Tally) -> Vec<u64> {
    let levels = tally.levels(limits).map(|level| match level.measure {
        Measure::TokensPerMinute => {
            (level.limit * 60_000).saturating_sub(tally.token_debt).saturating_add(30_000) / 60_000
        }
        _ => level.left,
    });
    levels.collect()
}

/// Takes the steps; says after each what was granted and what is left.
async fn story(
    subject: &Subject,
    case: &str,
    limits: &[Limits],
    steps: &[Step],
) -> Vec<(bool, Vec<Vec<u64>>)> {
    let all: Vec<_> = limits
        .iter()
        .enumerate()
        .map(|(number, limits)| charge(&format!("{case}-{number}"), *limits))
        .collect();
    let (mut told, mut reservations) = (Vec::new(), Vec::new());
    for step in steps {
        let granted = match *step {
            Step::Reserve { accounts, tokens } => {
                let some = all.iter().enumerate().filter(|(at, _)| accounts & (1 << at) != 0);
                let some: Vec<Charge> = some.map(|(_, charge)| charge.clone()).collect();
                let id = subject.reserve(tokens, &some).await;
                reservations.extend(id.clone());
                id.is_some()
            }
            Step::Settle { reservation, tokens } => {
                let chosen = reservation.checked_rem(reservations.len()).and_then(|at| reservations.get(at));
                if let Some(id) = chosen {
                    subject.settle(id, tokens).await;
                }
                false
            }
        };
        let verdict = subject.look(&all).await;
        let left = all.iter().zip(&verdict.tallies).map(|(charge, tally)| left(&charge.limits, tally));
        told.push((granted, left.collect()));
    }
    told
}

#[test]
fn memory_and_redis_tell_the_same_story() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (memory, redis) = (in_memory(), in_redis());
    let cases = std::cell::Cell::new(0);
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() });
    let told = runner.run(
        &(prop::array::uniform3(limits()), prop::collection::vec(step(), 1..30)),
        |(limits, steps)| {
            cases.set(cases.get() + 1);
            let case = format!("case{}", cases.get());
            let stories = runtime.block_on(async {
                (story(&memory, &case, &limits, &steps).await, story(&redis, &case, &limits, &steps).await)
            });
            prop_assert_eq!(stories.0, stories.1);
            Ok(())
        },
    );
    told.unwrap();
}
