//! Whatever is done in whatever order, memory and Redis say the same.

use accounts::{Charge, Limits};
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
        3 => (1..8_u8, 0..12_u64).prop_map(|(accounts, tokens)| Step::Reserve { accounts, tokens }),
        2 => (any::<usize>(), 0..14_u64).prop_map(|(reservation, tokens)| Step::Settle { reservation, tokens }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let small = || prop::option::weighted(0.6, 1..20_u64);
    // A minute gives one of three back only after 20 seconds, and one of 20 tokens after three: no case takes so long.
    let requests = prop::option::weighted(0.3, 2..4_u64);
    (requests, small(), small(), small(), small(), small(), small()).prop_map(|all| Limits {
        requests_per_minute: all.0,
        tokens_per_minute: all.1,
        requests_per_day: all.2,
        tokens_per_day: all.3,
        requests_per_month: all.4,
        tokens_per_month: all.5,
        concurrency: all.6,
    })
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
        let left = all.iter().zip(&verdict.tallies);
        let left = left.map(|(charge, tally)| tally.levels(&charge.limits).map(|level| level.left).collect());
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
