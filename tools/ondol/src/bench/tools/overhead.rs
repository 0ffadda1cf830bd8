//! `ondol bench tools`: what mcp adds to a call.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::ensure;
use clap::Args;
use runtime::Life;

use super::{
    super::{clean::Samples, paced::at_rate},
    apart::make_room,
    micros,
    stand::Stand,
    within,
};
use crate::{
    output::{say, tell},
    process,
    up::SERVICE,
};

/// How busy mcp's processor is while it is measured.
const LOAD: f64 = 0.7;
/// The rate at which looking for the right one begins, how often it is mended, and how long each look takes.
const FIRST_RATE: f64 = 500.0;
const LOOKS: usize = 5;
const LOOK: Duration = Duration::from_secs(2);

/// How much to measure.
#[derive(Args)]
#[command(
    after_help = "mcp has a processor to itself and logs every call, as it is deployed; the callers and the shop that it \
                        calls have the others. Calls come evenly, whether or not those before are answered, at the rate \
                        that keeps mcp's processor busy for 70 % of the time. Samples during which other processes used more than 5 % of the \
                        processors are thrown away; without a clean one the exit code is 1."
)]
pub(crate) struct Arguments {
    /// Clean samples to take of each
    #[arg(long, default_value_t = 5, value_name = "N")]
    samples: usize,
    /// How long each takes
    #[arg(long, default_value = "5s", value_name = "TIME", value_parser = arguments::positive_duration)]
    length: Duration,
}

/// Measures, prints, ends.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut clean = 0;
    let processor = make_room().unwrap_or_else(|problem| {
        tell!("ondol: processors cannot be chosen here: {problem}");
        None
    });
    if processor.is_none() {
        tell!("ondol: mcp, the shop and the callers share their processors");
    }
    let exit = runtime::launch(SERVICE, &process::quiet(), async |life: Life| -> anyhow::Result<()> {
        clean = measure(arguments, processor, &life).await?;
        life.stop("measured");
        Ok(())
    });
    if clean == 0 {
        tell!("ondol: no sample was clean; the figures prove nothing");
        return ExitCode::FAILURE;
    }
    exit
}

/// One kind of call.
struct Row {
    what: &'static str,
    rate: f64,
    p50: Samples,
    p99: Samples,
}

impl Row {
    fn new(what: &'static str, rate: f64) -> Self {
        Self { what, rate, p50: Samples::default(), p99: Samples::default() }
    }

    /// Takes a sample of calls.
    async fn take<F>(&mut self, length: Duration, call: impl Fn(usize) -> F) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let mut p99 = 0.0;
        let rate = self.rate;
        let sample = async {
            let times: Vec<_> =
                at_rate(rate, length, call).await?.into_iter().map(|(time, ())| time).collect();
            p99 = micros(within(&times, 0.99));
            Ok(micros(within(&times, 0.5)))
        };
        self.p50.take(sample).await?;
        self.p99.like(&self.p50, p99);
        Ok(())
    }
}

async fn measure(arguments: &Arguments, processor: Option<usize>, life: &Life) -> anyhow::Result<usize> {
    let stand = Stand::apart(processor, life).await?;
    let tool = |name: &'static str| {
        let stand = &stand;
        move |turn| {
            let answer = stand.call(name, turn);
            async move {
                ensure!(!answer.await?.is_error, "the tool refused");
                Ok(())
            }
        }
    };
    let kept = rate(&stand, tool("one_kept")).await?;
    let asked = rate(&stand, tool("one_item")).await?;
    let mut rows = [
        Row::new("gRPC call that does nothing", kept),
        Row::new("tool whose answer is kept", kept),
        Row::new("gRPC call that does nothing", asked),
        Row::new("HTTP request without mcp", asked),
        Row::new("tool that makes the request", asked),
    ];
    for _ in 0..arguments.samples * 3 {
        let [nothing, cached, hop, direct, http] = &mut rows;
        nothing.take(arguments.length, |_| stand.nothing()).await?;
        cached.take(arguments.length, tool("one_kept")).await?;
        hop.take(arguments.length, |_| stand.nothing()).await?;
        direct.take(arguments.length, |turn| stand.directly(turn)).await?;
        http.take(arguments.length, tool("one_item")).await?;
        if rows.iter().all(|row| row.p50.clean() >= arguments.samples) {
            break;
        }
    }
    print(&rows);
    Ok(rows.iter().map(|row| row.p50.clean()).min().unwrap_or_default())
}

/// The rate at which calls keep mcp as busy as it should be.
async fn rate<F>(stand: &Stand, call: impl Fn(usize) -> F) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut rate = FIRST_RATE;
    for _ in 0..LOOKS {
        let (busy, begun) = (stand.busy()?, Instant::now());
        at_rate(rate, LOOK, &call).await?;
        let busy = stand.busy()?.saturating_sub(busy);
        let load = busy.as_secs_f64() / begun.elapsed().as_secs_f64();
        rate *= (LOAD / load.max(0.01)).clamp(0.3, 3.0);
    }
    Ok(rate)
}

fn print(rows: &[Row; 5]) {
    say!("| call | calls/s | p50 µs | p99 µs | clean samples |");
    say!("|---|---|---|---|---|");
    for row in rows {
        let (p50, p99) = (row.p50.median(), row.p99.median());
        say!("| {} | {:.0} | {p50:.0} | {p99:.0} | {} |", row.what, row.rate, row.p50.clean());
    }
    let [nothing, cached, hop, direct, http] = rows;
    for (what, with, without) in [
        ("a kept answer over the call that does nothing", cached, &[nothing][..]),
        ("an HTTP call over the request", http, &[direct][..]),
        ("an HTTP call over both", http, &[hop, direct][..]),
    ] {
        let over = |of: fn(&Row) -> &Samples| {
            of(with).median() - without.iter().map(|row| of(row).median()).sum::<f64>()
        };
        let (p50, p99) = (over(|row| &row.p50), over(|row| &row.p99));
        say!("| **{what}** | | **{p50:.0}** | **{p99:.0}** | |");
    }
}
