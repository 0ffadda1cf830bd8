//! `ondol queue show`.

use clap::Args;
use jobs::{KindStats, Queue, Stats};
use serde_json::{Map, Value, json};

use super::Place;
use crate::output::say;

/// How to print it.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Print one JSON object, for scripts
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    arguments.place.block_on(async |queue| {
        let stats = queue.stats().await?;
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&to_json(&stats))?);
            return Ok(());
        }
        for line in table(&stats) {
            say!("{line}");
        }
        Ok(())
    })
}

fn table(stats: &Stats) -> Vec<String> {
    if stats.kinds.is_empty() {
        let paused = if stats.paused { ", and the queue is paused" } else { "" };
        return vec![format!("No job was ever handed in{paused}.")];
    }
    let mut lines = vec![format!(
        "{:<20} {:>9} {:>9} {:>9} {:>9} {:>10}",
        "kind", "ready", "running", "delayed", "dead", "oldest"
    )];
    for (kind, of_kind) in &stats.kinds {
        let paused = if stats.paused || of_kind.paused { "  paused" } else { "" };
        let KindStats { ready, running, delayed, dead, oldest, .. } = of_kind;
        let oldest = format!("{} s", oldest.as_secs());
        let kind = kind.as_str();
        lines.push(format!("{kind:<20} {ready:>9} {running:>9} {delayed:>9} {dead:>9} {oldest:>10}{paused}"));
    }
    lines
}

fn to_json(stats: &Stats) -> Value {
    let kinds = stats.kinds.iter().map(|(kind, it)| {
        let figures = json!({
            "ready": it.ready,
            "running": it.running,
            "delayed": it.delayed,
            "dead": it.dead,
            "oldest_seconds": it.oldest.as_secs(),
            "attempts": it.attempts,
            "recoveries": it.recoveries,
            "zombies": it.zombies,
            "paused": it.paused,
        });
        (kind.to_string(), figures)
    });
    json!({"paused": stats.paused, "kinds": kinds.collect::<Map<_, _>>()})
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use jobs::{KindStats, Name, Stats};

    use super::{table, to_json};

    #[test]
    fn each_kind_has_a_line() {
        let batch = KindStats { ready: 12, dead: 1, oldest: Duration::from_secs(90), ..KindStats::default() };
        let kinds = BTreeMap::from([(Name::new("kind", "batch").unwrap(), batch)]);
        let stats = Stats { kinds, paused: true };
        let lines = table(&stats);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("batch") && lines[1].ends_with("90 s  paused"), "{}", lines[1]);
        assert_eq!(to_json(&stats)["kinds"]["batch"]["ready"], 12);
        assert!(table(&Stats::default())[0].starts_with("No job"));
    }
}
