//! `ondol queue limits`.

use anyhow::{bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use fault::Rounded;
use jobs::{LimitArguments, Limits, Queue};
use serde_json::{Map, Value, json};

use super::Place;
use crate::output::say;

/// What to do with limits.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show them
    Show(Show),
    /// Change some; what is not named stays as it is
    Set(Set),
}

/// How to print them.
#[derive(Args)]
pub(crate) struct Show {
    #[command(flatten)]
    place: Place,
    /// Print one JSON object, for scripts
    #[arg(long)]
    json: bool,
}

/// Which to change. They hold at once and for every process, until somebody sets others; a worker that is started with
/// flags of its own does.
#[derive(Args)]
#[command(
    mut_arg("queue_depth", |depth| depth.help("Jobs that wait, delayed ones included")),
    after_help = "Example: ondol queue limits set --queue-kind-running batch=4 --unset tenant-running"
)]
pub(crate) struct Set {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    limits: LimitArguments,
    /// Bounds to take away, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "BOUND")]
    unset: Vec<Bound>,
    /// Print one JSON object, for scripts
    #[arg(long)]
    json: bool,
}

/// A bound that a queue can be without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bound {
    /// Of --queue-tenant-depth
    TenantDepth,
    /// Of --queue-running
    Running,
    /// Of --queue-tenant-running
    TenantRunning,
    /// Of --queue-kind-running, for every kind
    KindRunning,
}

/// Runs the command.
pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show(Show { place, json }) => {
            place.block_on(async |queue| print(&queue.settings().await?.limits, json))
        }
        Command::Set(Set { place, limits, unset, json }) => {
            let says_something = limits.clone().limits()?.is_some();
            ensure!(
                says_something || !unset.is_empty(),
                "name a limit to set, such as --queue-running 8, or --unset running"
            );
            place.block_on(async |queue| {
                let changed = change(queue.settings().await?.limits, limits, &unset)?;
                queue.set_limits(&changed).await?;
                print(&queue.settings().await?.limits, json)
            })
        }
    }
}

fn change(held: Limits, given: LimitArguments, unset: &[Bound]) -> anyhow::Result<Limits> {
    let kept = |bound, held: Option<u64>, given: Option<u64>| match (unset.contains(&bound), given) {
        (true, Some(_)) => bail!("a bound cannot be set and --unset at once"),
        (true, None) => Ok(None),
        (false, given) => Ok(given.or(held)),
    };
    let mut kind_running = held.kind_running;
    if unset.contains(&Bound::KindRunning) {
        kind_running.clear();
    }
    kind_running.extend(given.queue_kind_running);
    Ok(Limits {
        depth: given.queue_depth.unwrap_or(held.depth),
        tenant_depth: kept(Bound::TenantDepth, held.tenant_depth, given.queue_tenant_depth)?,
        running: kept(Bound::Running, held.running, given.queue_running)?,
        tenant_running: kept(Bound::TenantRunning, held.tenant_running, given.queue_tenant_running)?,
        kind_running,
        recoveries: given.queue_recoveries.unwrap_or(held.recoveries),
        done_kept: given.queue_done_kept.unwrap_or(held.done_kept),
        dead_kept: given.queue_dead_kept.unwrap_or(held.dead_kept),
        keys_kept: given.queue_keys_kept.unwrap_or(held.keys_kept),
        events_kept: given.queue_events_kept.unwrap_or(held.events_kept),
    })
}

fn print(limits: &Limits, json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(&to_json(limits))?);
        return Ok(());
    }
    let bound = |bound: Option<u64>| bound.map_or_else(|| "no bound".to_owned(), |bound| bound.to_string());
    let kinds: Vec<_> = limits.kind_running.iter().map(|(kind, cap)| format!("{kind}={cap}")).collect();
    let kinds = if kinds.is_empty() { "no bound".to_owned() } else { kinds.join(",") };
    let lines = [
        ("depth", limits.depth.to_string(), "jobs that wait"),
        ("tenant-depth", bound(limits.tenant_depth), "jobs of one tenant that wait or run"),
        ("running", bound(limits.running), "jobs that run at the same time"),
        ("tenant-running", bound(limits.tenant_running), "jobs of one tenant that run at the same time"),
        ("kind-running", kinds, "jobs of a kind that run at the same time"),
        ("recoveries", limits.recoveries.to_string(), "lost workers that make a job dead"),
        ("done-kept", Rounded(limits.done_kept).to_string(), "how long ended jobs are kept"),
        ("dead-kept", Rounded(limits.dead_kept).to_string(), "how long dead jobs are kept"),
        ("keys-kept", Rounded(limits.keys_kept).to_string(), "how long an idempotency key is remembered"),
        ("events-kept", limits.events_kept.to_string(), "events kept of one job"),
    ];
    for (name, value, meaning) in lines {
        say!("{name:<16} {value:<16} {meaning}");
    }
    Ok(())
}

/// The limits, lengths of time in seconds; no bound is null.
pub(super) fn to_json(limits: &Limits) -> Value {
    let kinds = limits.kind_running.iter().map(|(kind, cap)| (kind.to_string(), Value::from(*cap)));
    json!({
        "depth": limits.depth,
        "tenantDepth": limits.tenant_depth,
        "running": limits.running,
        "tenantRunning": limits.tenant_running,
        "kindRunning": kinds.collect::<Map<_, _>>(),
        "recoveries": limits.recoveries,
        "doneKeptSeconds": limits.done_kept.as_secs_f64(),
        "deadKeptSeconds": limits.dead_kept.as_secs_f64(),
        "keysKeptSeconds": limits.keys_kept.as_secs_f64(),
        "eventsKept": limits.events_kept,
    })
}

#[cfg(test)]
mod tests {
    use jobs::{LimitArguments, Limits, Name};

    use super::{Bound, change};

    #[test]
    fn what_is_not_named_stays() {
        let name = |kind| Name::new("kind", kind).unwrap();
        let held = Limits {
            depth: 5,
            running: Some(8),
            tenant_running: Some(2),
            kind_running: [(name("batch"), 1), (name("image"), 2)].into(),
            ..Limits::default()
        };
        let given = LimitArguments {
            queue_recoveries: Some(7),
            queue_kind_running: vec![(name("batch"), 4)],
            ..LimitArguments::default()
        };
        let changed = change(held.clone(), given, &[Bound::TenantRunning]).unwrap();
        let kind_running = [(name("batch"), 4), (name("image"), 2)].into();
        let expected = Limits { recoveries: 7, tenant_running: None, kind_running, ..held.clone() };
        assert_eq!(changed, expected);
        let both = LimitArguments { queue_running: Some(1), ..LimitArguments::default() };
        assert!(change(held, both, &[Bound::Running]).is_err());
    }
}
