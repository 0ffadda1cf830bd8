//! `ondol queue show`.

use std::{collections::BTreeSet, time::Duration};

use clap::Args;
use jobs::{KindStats, Name, Queue, Settings, Stats};
use serde_json::{Map, Value, json};

use super::{Place, limits};
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
        let (stats, settings) = (queue.stats().await?, queue.settings().await?);
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&to_json(&stats, &settings))?);
            return Ok(());
        }
        for line in table(&stats, &settings) {
            say!("{line}");
        }
        Ok(())
    })
}

/// Every kind that has a job, a cap or a pause.
fn kinds<'a>(stats: &'a Stats, settings: &'a Settings) -> BTreeSet<&'a Name> {
    let set = settings.limits.kind_running.keys().chain(&settings.paused_kinds);
    stats.kinds.keys().chain(set).collect()
}

fn table(stats: &Stats, settings: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    let kinds = kinds(stats, settings);
    if kinds.is_empty() {
        lines.push("No job was ever handed in.".to_owned());
    } else {
        lines.push(line(["kind", "ready", "running", "of", "delayed", "dead", "oldest", ""]));
    }
    for kind in kinds {
        let KindStats { ready, running, delayed, dead, oldest, .. } = of(stats, kind);
        let cap = cap(settings.limits.kind_running.get(kind).copied());
        let figures = [ready, running].map(|figure| figure.to_string());
        let rest = [delayed, dead].map(|figure| figure.to_string());
        let paused = if settings.paused_kinds.contains(kind) { "paused" } else { "" };
        lines.push(line([
            kind.as_str(),
            &figures[0],
            &figures[1],
            &cap,
            &rest[0],
            &rest[1],
            &age(oldest),
            paused,
        ]));
    }
    let total = stats.total();
    let limits = &settings.limits;
    lines.push(format!(
        "{} of at most {} wait, {} of {} run{}",
        total.ready + total.delayed,
        limits.depth,
        total.running,
        cap(limits.running).replace('-', "any number"),
        if settings.paused { "; all of it is paused" } else { "" }
    ));
    lines
}

fn line([kind, ready, running, cap, delayed, dead, oldest, paused]: [&str; 8]) -> String {
    let line =
        format!("{kind:<20} {ready:>9} {running:>9} {cap:>9} {delayed:>9} {dead:>9} {oldest:>10}  {paused}");
    line.trim_end().to_owned()
}

fn of(stats: &Stats, kind: &Name) -> KindStats {
    stats.kinds.get(kind).cloned().unwrap_or_default()
}

fn cap(cap: Option<u64>) -> String {
    cap.map_or_else(|| "-".to_owned(), |cap| cap.to_string())
}

fn age(age: Duration) -> String {
    if age.is_zero() { "-".to_owned() } else { format!("{} s", age.as_secs()) }
}

fn to_json(stats: &Stats, settings: &Settings) -> Value {
    let kinds = kinds(stats, settings).into_iter().map(|kind| {
        let it = of(stats, kind);
        let figures = json!({
            "ready": it.ready,
            "running": it.running,
            "delayed": it.delayed,
            "dead": it.dead,
            "oldestSeconds": it.oldest.as_secs(),
            "attempts": it.attempts,
            "recoveries": it.recoveries,
            "zombies": it.zombies,
            "paused": settings.paused_kinds.contains(kind),
        });
        (kind.to_string(), figures)
    });
    json!({
        "paused": settings.paused,
        "kinds": kinds.collect::<Map<_, _>>(),
        "limits": limits::to_json(&settings.limits),
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use jobs::{KindStats, Limits, Name, Settings, Stats};

    use super::{table, to_json};

    fn settings(limits: Limits) -> Settings {
        Settings { limits, paused: false, paused_kinds: [name("image")].into() }
    }

    fn name(kind: &str) -> Name {
        Name::new("kind", kind).unwrap()
    }

    #[test]
    fn each_kind_has_a_line_with_its_cap() {
        let batch = KindStats {
            ready: 12,
            running: 2,
            dead: 1,
            oldest: Duration::from_secs(90),
            ..KindStats::default()
        };
        let stats = Stats { kinds: BTreeMap::from([(name("batch"), batch)]), paused: false };
        let settings = settings(Limits { kind_running: [(name("batch"), 4)].into(), ..Limits::default() });
        let lines = table(&stats, &settings);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&lines[1]), ["batch", "12", "2", "4", "0", "1", "90", "s"]);
        assert_eq!(words(&lines[2]), ["image", "0", "0", "-", "0", "0", "-", "paused"]);
        assert_eq!(lines[3], "12 of at most 1000000 wait, 2 of any number run");
        let json = to_json(&stats, &settings);
        assert_eq!(
            (&json["kinds"]["batch"]["ready"], &json["kinds"]["image"]["paused"]),
            (&12.into(), &true.into())
        );
        assert_eq!(json["limits"]["kindRunning"]["batch"], 4);
    }

    #[test]
    fn an_empty_queue_says_so_and_whether_it_is_paused() {
        let none = Settings { paused: true, paused_kinds: [].into(), ..settings(Limits::default()) };
        let lines = table(&Stats::default(), &none);
        assert!(lines[0].starts_with("No job") && lines[1].ends_with("all of it is paused"), "{lines:?}");
    }
}
