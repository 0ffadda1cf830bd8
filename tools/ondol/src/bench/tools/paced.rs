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
    let (due, mut ticks) = mpsc::unbounded_channel();
    // The runtime's own clock goes by milliseconds, which is too coarse here.
    let pacer = thread::Builder::new().name("pacer".to_owned()).spawn(move || pace(rate, length, &due));
    let pacer = pacer.context("starting a thread")?;
    let (mut running, mut ended, mut number) = (JoinSet::new(), Vec::new(), 0);
    loop {
        tokio::select! {
            Some(at) = ticks.recv() => {
                let asked = call(number);
                number += 1;
                running.spawn(async move { asked.await.map(|answer| (Instant::elapsed(&at), answer)) });
            }
            Some(done) = running.join_next(), if !running.is_empty() => ended.push(done??),
            else => break,
        }
    }
    pacer.join().ok().context("the pacing thread ended early")?;
    Ok(ended)
}

fn pace(rate: f64, length: Duration, due: &mpsc::UnboundedSender<Instant>) {
    let (begun, calls) = (Instant::now(), (length.as_secs_f64() * rate) as u32);
    for call in 0..calls {
        let at = begun + Duration::from_secs_f64(f64::from(call) / rate);
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if due.send(at).is_err() {
            return;
        }
    }
}
