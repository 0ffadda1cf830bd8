//! Calls at a rate that does not wait for answers, as those of many callers.

use std::{
    future::Future,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{sync::mpsc, task::JoinSet};

/// Makes calls at this rate for a while, and says what became of each and how long it took from when it was due: a call that
/// begins late because the machine is busy has waited.
pub(super) async fn at_rate<F, A>(
    rate: f64,
    length: Duration,
    call: impl Fn(usize) -> F,
) -> anyhow::Result<Vec<(Duration, A)>>
where
    F: Future<Output = anyhow::Result<A>> + Send + 'static,
    A: Send + 'static,
{
    at_times(evenly(rate, length), call).await
}

/// When calls of this rate are due, all as far apart.
pub(super) fn evenly(rate: f64, length: Duration) -> Vec<Duration> {
    let calls = (length.as_secs_f64() * rate) as u32;
    (0..calls).map(|call| Duration::from_secs_f64(f64::from(call) / rate)).collect()
}

/// The same for calls that are due so long after the beginning, in this order.
pub(super) async fn at_times<F, A>(
    times: Vec<Duration>,
    call: impl Fn(usize) -> F,
) -> anyhow::Result<Vec<(Duration, A)>>
where
    F: Future<Output = anyhow::Result<A>> + Send + 'static,
    A: Send + 'static,
{
    let mut all = Vec::with_capacity(times.len());
    each_at_times(times, call, |ended| all.push((ended.took, ended.answer))).await?;
    Ok(all)
}

/// A call that has ended.
pub(super) struct Ended<A> {
    /// How many were due before it.
    pub(super) number: usize,
    /// How long after it was due it was made.
    pub(super) late: Duration,
    /// How long after it was due it ended.
    pub(super) took: Duration,
    pub(super) answer: A,
}

/// The same, with each shown as it ends: of very many, nobody wants to keep all.
pub(super) async fn each_at_times<F, A>(
    times: Vec<Duration>,
    call: impl Fn(usize) -> F,
    mut show: impl FnMut(Ended<A>),
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<A>> + Send + 'static,
    A: Send + 'static,
{
    let (due, mut ticks) = mpsc::unbounded_channel();
    // The runtime's own clock goes by milliseconds, which is too coarse here.
    let pacer = thread::Builder::new().name("pacer".to_owned()).spawn(move || pace(&times, &due));
    let pacer = pacer.context("starting a thread")?;
    let (mut running, mut next) = (JoinSet::new(), 0);
    loop {
        tokio::select! {
            Some(at) = ticks.recv() => {
                let (number, late, asked) = (next, at.elapsed(), call(next));
                next += 1;
                running.spawn(async move {
                    asked.await.map(|answer| Ended { number, late, took: at.elapsed(), answer })
                });
            }
            Some(done) = running.join_next(), if !running.is_empty() => show(done??),
            else => break,
        }
    }
    pacer.join().ok().context("the pacing thread ended early")?;
    Ok(())
}

fn pace(times: &[Duration], due: &mpsc::UnboundedSender<Instant>) {
    let begun = Instant::now();
    for time in times {
        let at = begun + *time;
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if due.send(at).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{at_times, evenly};

    #[test]
    fn calls_are_as_far_apart_as_the_rate_says() {
        let times = evenly(200.0, Duration::from_millis(25));
        assert_eq!(times, [0, 5, 10, 15, 20].map(Duration::from_millis));
        assert!(evenly(1.0, Duration::from_millis(500)).is_empty());
    }

    #[tokio::test]
    async fn every_call_is_made_once_and_in_order() {
        let times = [0, 1, 1, 2].map(Duration::from_millis).to_vec();
        let mut made: Vec<_> = at_times(times, |number| async move { Ok(number) })
            .await
            .unwrap()
            .into_iter()
            .map(|(_, number)| number)
            .collect();
        made.sort_unstable();
        assert_eq!(made, [0, 1, 2, 3]);
    }
}
