//! `ondol bench outage`: what becomes of callers when an API fails under load.

use std::{
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use runtime::Life;
use shop::Mood;
use tonic_types::StatusExt;

use super::{super::paced::at_rate, micros, stand::Stand, within};
use crate::{
    output::{say, tell},
    process,
    up::SERVICE,
};

/// The breaker that the drill is about: opens within its window, tries again after a while.
const POLICY: &str =
    "attempts = 1\nbreaker = { window = \"5s\", min_calls = 20, open_for = \"2s\", probes = 3 }\n";
const WARM: Duration = Duration::from_secs(2);
const OPEN: &str = "UPSTREAM_BREAKER_OPEN";

/// How long and how much.
#[derive(Args)]
#[command(
    after_help = "Two APIs, one of which answers 500 to everything in the second of three phases. The exit code is 1 \
                        where a promise is not kept."
)]
pub(crate) struct Arguments {
    /// Calls a second of each API's tool
    #[arg(long, default_value_t = 200, value_name = "N")]
    rate: u32,
    /// How long each phase takes
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = arguments::positive_duration)]
    phase: Duration,
}

/// Drills, prints, ends.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut broken = Vec::new();
    let exit = runtime::launch(SERVICE, &process::silent(), async |life: Life| -> anyhow::Result<()> {
        broken = drill(arguments, &life).await?;
        life.stop("drilled");
        Ok(())
    });
    for promise in &broken {
        tell!("ondol: not kept: {promise}");
    }
    if broken.is_empty() { exit } else { ExitCode::FAILURE }
}

/// What became of a call, and when.
struct Call {
    at: Instant,
    took: Duration,
    /// The reason of its failure, or nothing.
    failed: Option<String>,
}

type Calls = Arc<Mutex<Vec<Call>>>;

async fn drill(arguments: &Arguments, life: &Life) -> anyhow::Result<Vec<&'static str>> {
    let stand = Stand::start(POLICY, life).await?;
    let [failing, _] = &stand.shops;
    let (one, two) = (Calls::default(), Calls::default());
    let load = |tool: &'static str, calls: &Calls, length| {
        let (stand, calls) = (&stand, Arc::clone(calls));
        at_rate(f64::from(arguments.rate), length, move |turn| {
            let (answer, calls) = (stand.call(tool, turn), Arc::clone(&calls));
            async move {
                let at = Instant::now();
                let failed = answer.await.err().map(|status| reason(&status));
                let call = Call { at, took: at.elapsed(), failed };
                calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
                Ok(())
            }
        })
    };
    // The first calls open connections, and have much to find out.
    tokio::try_join!(load("one_item", &Calls::default(), WARM), load("two_item", &Calls::default(), WARM))?;
    let mut turns = Vec::new();
    for mood in [Mood::Well, Mood::Fails(500), Mood::Well] {
        failing.turn(mood);
        turns.push((Instant::now(), failing.visits(), attempts(life).await?));
        tokio::try_join!(load("one_item", &one, arguments.phase), load("two_item", &two, arguments.phase))?;
    }
    let visited = failing.visits();
    let take = |calls: &Calls| std::mem::take(&mut *calls.lock().unwrap_or_else(PoisonError::into_inner));
    let [(_, _, _), (outage, before, attempts_before), (mended, after, attempts_after)] = turns.as_slice()
    else {
        anyhow::bail!("three phases were meant to be");
    };
    ensure!(visited > *after, "the API was not asked again");
    let failed = attempts_after.0 - attempts_before.0;
    let share = failed / (failed + attempts_after.1 - attempts_before.1).max(1.0);
    Ok(report(&take(&one), &take(&two), (*outage, *mended), (after - before, share)))
}

/// Prints what was seen; the promises that were not kept.
fn report(
    one: &[Call],
    two: &[Call],
    (outage, mended): (Instant, Instant),
    (visits, share): (u64, f64),
) -> Vec<&'static str> {
    let is_open = |call: &&Call| call.failed.as_deref() == Some(OPEN);
    let opened = one.iter().filter(is_open).map(|call| call.at).min();
    let opened = opened.map_or(Duration::MAX, |at| at.saturating_duration_since(outage));
    let fast: Vec<_> = one.iter().filter(is_open).map(|call| call.took).collect();
    let healed =
        one.iter().filter(|call| call.at > mended && call.failed.is_none()).map(|call| call.at).min();
    let healed = healed.map_or(Duration::MAX, |at| at.saturating_duration_since(mended));
    let phase = |from: Option<Instant>, until: Instant| -> Vec<Duration> {
        let inside = two.iter().filter(|call| from.is_none_or(|from| call.at >= from) && call.at < until);
        inside.map(|call| call.took).collect()
    };
    let (calm, storm) = (phase(None, outage), phase(Some(outage), mended));
    let others = two.iter().filter(|call| call.failed.is_some()).count();
    let fast_p99 = micros(within(&fast, 0.99));
    let (calm, storm) = (micros(within(&calm, 0.99)), micros(within(&storm, 0.99)));
    say!("| what | seen | promised |\n|---|---|---|");
    say!("| the breaker opens after | {:.2} s | 5 s, its window |", opened.as_secs_f64());
    say!(
        "| callers are then refused in, p50 / p99 | {:.0} / {fast_p99:.0} µs | p99 5 ms |",
        micros(within(&fast, 0.5))
    );
    say!(
        "| calls refused so, and requests that reached the API in the outage | {}, {visits} | |",
        fast.len()
    );
    say!("| the other API's tool, p99 before / in the outage | {calm:.0} / {storm:.0} µs | unchanged |");
    say!("| failures of the other API's tool | {others} | 0 |");
    say!(
        "| after the API is mended, the first good answer comes in | {:.2} s | 2 s and a probe |",
        healed.as_secs_f64()
    );
    say!(
        "| failed share of attempts in `ondol_upstream_attempts` | {:.0} % | above 15 %, the alert's |",
        share * 100.0
    );
    let kept = [
        ("the breaker opens within its window", opened <= Duration::from_secs(5)),
        ("callers fail fast", fast_p99 <= 5000.0 && !fast.is_empty()),
        ("other tools go on as before", others == 0 && storm <= (calm * 1.5).max(calm + 1000.0)),
        ("it closes again", healed <= Duration::from_secs(4)),
        ("the metric crosses 15 %", share > 0.15),
    ];
    kept.into_iter().filter(|(_, kept)| !kept).map(|(promise, _)| promise).collect()
}

fn reason(status: &tonic::Status) -> String {
    status.get_details_error_info().map_or_else(|| status.code().to_string(), |info| info.reason)
}

/// Failed and good attempts so far of all upstreams, as Prometheus reads them.
async fn attempts(life: &Life) -> anyhow::Result<(f64, f64)> {
    let admin = life.admin_addr().context("no admin port")?;
    let text = reqwest::get(format!("http://{admin}/metrics")).await?.error_for_status()?.text().await?;
    let of = |outcome: &str| {
        let wanted = format!("outcome=\"{outcome}\"");
        let lines =
            text.lines().filter(|line| line.starts_with("ondol_upstream_attempts") && line.contains(&wanted));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    Ok((of("failed"), of("ok")))
}
