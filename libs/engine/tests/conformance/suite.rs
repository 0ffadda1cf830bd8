//! The behaviours that every model must show.

use std::time::Duration;

use engine::{EngineError, FinishReason, Health, StubStep};
use fault::{Fault, Kind};

use super::subject::{Subject, alone, read};

const SECOND: Duration = Duration::from_secs(1);

/// Thirteen requests through three slots, arriving between steps, of different lengths, with chunked prompts and one
/// in four cancelled on the way: each of the others gets exactly the tokens that it would get alone.
pub async fn batching_changes_nothing(subject: &Subject) {
    let mut model = (subject.make)(3, 128);
    let count = |index: usize| 12 + 5 * (index as u32 % 4);
    let expected: Vec<Vec<u32>> = (0..13)
        .map(|index| {
            let prompt = &subject.prompts[index % subject.prompts.len()];
            alone(model.as_mut(), prompt, count(index) as usize)
        })
        .collect();
    let mut bench = subject.start(3, |settings| settings.prefill_chunk = 7);
    let (mut running, mut cancelled) = (Vec::new(), Vec::new());
    for index in 0..13 {
        let generation = bench.submit(subject.request(index, count(index))).unwrap();
        if index % 4 == 2 {
            cancelled.push(generation);
        } else {
            running.push((index, generation));
        }
        for _ in 0..index % 5 {
            bench.gate.pass().await;
        }
        if index % 4 == 0 {
            cancelled.pop();
        }
    }
    drop(cancelled);
    bench.gate.open();
    for (index, generation) in running {
        let told = read(generation).await;
        assert_eq!(told.tokens, expected[index], "request {index} was changed by its neighbours");
    }
}

/// The slot of a dropped stream goes to the next request after the step in progress.
pub async fn a_dropped_stream_frees_its_slot_within_one_step(subject: &Subject) {
    let mut bench = subject.start(2, |_| ());
    let first = bench.submit(subject.request(0, 60)).unwrap();
    assert_eq!(
        bench.gate.pass().await,
        StubStep::Prefill { slot: 0, tokens: subject.prompts[0].len(), past: 0 }
    );
    let second = bench.submit(subject.request(1, 60)).unwrap();
    while bench.gate.pass().await != (StubStep::Decode { first_slot: 0, rows: 2 }) {}
    let third = bench.submit(subject.request(2, 60)).unwrap();
    assert_eq!(bench.gate.next().await, StubStep::Decode { first_slot: 0, rows: 2 });
    drop(first);
    bench.gate.allow();
    let next = bench.gate.next().await;
    assert!(matches!(next, StubStep::Prefill { slot: 0, past: 0, .. }), "{next:?}");
    drop((second, third));
}

/// A caller that reads nothing holds up nobody, and finds everything when it comes.
pub async fn a_slow_client_delays_nobody(subject: &Subject) {
    let mut bench = subject.start(2, |_| ());
    let slow = bench.submit(subject.request(0, 40)).unwrap();
    let fast = bench.submit(subject.request(1, 40)).unwrap();
    bench.gate.open();
    assert_eq!(read(fast).await.tokens.len(), 40);
    assert_eq!(read(slow).await.tokens.len(), 40);
}

/// A drain refuses new requests, finishes those that run and wait, and ends the thread.
pub async fn a_drain_finishes_what_was_submitted(subject: &Subject) {
    let mut bench = subject.start(1, |_| ());
    let running = bench.submit(subject.request(0, 8)).unwrap();
    let waiting = bench.submit(subject.request(1, 8)).unwrap();
    bench.gate.pass().await;
    let engine = bench.engine.clone();
    let deadline = bench.clock.now() + SECOND;
    let release = async { bench.gate.open() };
    let ((), (), running, waiting) =
        tokio::join!(engine.drain(deadline), release, read(running), read(waiting));
    assert_eq!((running.tokens.len(), waiting.tokens.len()), (8, 8));
    assert_eq!(engine.admit().err().map(|error| error.kind()), Some(Kind::Unavailable));
    assert_eq!(*engine.health().borrow(), Health::Stopped);
}

/// What still runs at a drain's deadline ends as unavailable.
pub async fn a_drain_ends_at_its_deadline(subject: &Subject) {
    let mut bench = subject.start(1, |_| ());
    let running = bench.submit(subject.request(0, 100)).unwrap();
    let waiting = bench.submit(subject.request(1, 100)).unwrap();
    bench.gate.pass().await;
    bench.gate.pass().await;
    bench.gate.next().await;
    let engine = bench.engine.clone();
    let deadline = bench.clock.now() + SECOND;
    let release = async {
        bench.clock.turn(SECOND);
        bench.gate.open();
    };
    let ((), ()) = tokio::join!(engine.drain(deadline), release);
    for generation in [running, waiting] {
        assert_eq!(read(generation).await.error.map(|error| error.kind()), Some(Kind::Unavailable));
    }
}

/// A deadline is kept before the queue, in it, and while tokens come.
pub async fn deadlines_are_kept_everywhere(subject: &Subject) {
    let mut bench = subject.start(1, |_| ());
    let mut late = subject.request(0, 8);
    late.deadline = Some(bench.clock.now());
    assert!(matches!(bench.submit(late), Err(EngineError::DeadlineExceeded { generated: 0 })));

    let mut running = subject.request(0, 100);
    running.deadline = Some(bench.clock.now() + 2 * SECOND);
    let running = bench.submit(running).unwrap();
    let mut waiting = subject.request(1, 100);
    waiting.deadline = Some(bench.clock.now() + SECOND);
    let waiting = bench.submit(waiting).unwrap();
    for _ in 0..3 {
        bench.gate.pass().await;
    }
    bench.gate.next().await;
    bench.clock.turn(SECOND);
    bench.gate.allow();
    assert!(matches!(read(waiting).await.error, Some(EngineError::DeadlineExceeded { generated: 0 })));
    bench.gate.next().await;
    bench.clock.turn(SECOND);
    bench.gate.open();
    let told = read(running).await;
    assert_eq!(told.error.as_ref().map(Fault::kind), Some(Kind::DeadlineExceeded));
    assert!(told.tokens.len() >= 3, "{told:?}");
}

/// A request whose deadline the queue alone would outlast is refused before it waits; one with more time is not.
pub async fn what_cannot_get_a_slot_in_time_is_refused_at_once(subject: &Subject) {
    let mut bench = subject.start(1, |_| ());
    // The engine learns that a request takes eight seconds.
    let first = bench.submit(subject.request(0, 2)).unwrap();
    bench.gate.next().await;
    bench.clock.turn(8 * SECOND);
    bench.gate.allow();
    bench.gate.pass().await;
    read(first).await;

    let running = bench.submit(subject.request(0, 2)).unwrap();
    assert!(matches!(bench.gate.next().await, StubStep::Prefill { .. }), "the first is gone for good");
    let with = |seconds: u32| {
        let mut request = subject.request(1, 2);
        request.deadline = Some(bench.clock.now() + seconds * SECOND);
        bench.submit(request)
    };
    let error = with(7).err().unwrap();
    assert!(matches!(error, EngineError::DeadlineTooSoon { wait, .. } if wait == 8 * SECOND), "{error}");
    assert_eq!(error.kind(), Kind::DeadlineExceeded);
    let waiting = with(9).unwrap();
    assert!(with(9).is_err(), "two are ahead");
    bench.gate.open();
    assert!(read(running).await.finished.is_some());
    assert!(read(waiting).await.finished.is_some());
}

/// One request more than slots and queue hold is refused, with a time to come back, until one has ended.
pub async fn admission_is_bounded(subject: &Subject) {
    let mut bench = subject.start(1, |settings| settings.max_waiting = 2);
    let inside: Vec<_> = (0..2).map(|index| bench.submit(subject.request(index, 1)).unwrap()).collect();
    let permit = bench.engine.admit().unwrap();
    let error = bench.engine.admit().err().unwrap();
    assert_eq!(error.kind(), Kind::ResourceExhausted);
    assert!(error.retry_after().is_some());
    drop(permit);
    let last = bench.submit(subject.request(2, 4)).unwrap();
    for generation in inside {
        bench.gate.pass().await;
        let finished = read(generation).await.finished.unwrap();
        assert_eq!((finished.reason, finished.usage.completion_tokens), (FinishReason::Length, 1));
    }
    // The last one stands before its first step, so the others have left for good.
    assert!(matches!(bench.gate.next().await, StubStep::Prefill { .. }));
    let free: Vec<_> = (0..3).map(|_| bench.engine.admit()).collect();
    assert_eq!(free.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    drop(last);
}
