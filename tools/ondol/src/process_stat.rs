//! What Linux says about this process and its machine.

use std::fs;

use anyhow::Context;

/// The most memory that this process has had resident, in bytes.
pub(crate) fn peak_memory() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no VmHWM in /proc/self/status")?;
    let kibibytes: u64 =
        line.trim().trim_end_matches("kB").trim().parse().context("VmHWM is not a number")?;
    Ok(kibibytes * 1024)
}

/// Processor time until now, in clock ticks; ours with that of the processes that we have started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuTime {
    total: u64,
    busy: u64,
    own: u64,
}

impl CpuTime {
    /// Reads the counters.
    pub(crate) fn now() -> anyhow::Result<Self> {
        let machine = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
        let own = fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
        let mut now = Self::parse(&machine, &own).context("/proc does not look like Linux's")?;
        for child in children() {
            let stat = fs::read_to_string(format!("/proc/{child}/stat"));
            now.own += stat.ok().and_then(|stat| used(&stat)).unwrap_or_default();
        }
        Ok(now)
    }

    fn parse(machine: &str, own: &str) -> Option<Self> {
        let ticks: Vec<u64> = machine
            .lines()
            .next()?
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|tick| tick.parse().ok())
            .collect();
        let total = ticks.iter().sum();
        let idle = ticks.get(3)? + ticks.get(4)?;
        Some(Self { total, busy: total - idle, own: used(own)? })
    }

    /// The share of the machine's processors, 0 to 1, that others used since `earlier`.
    pub(crate) fn foreign_share(self, earlier: Self) -> f64 {
        let others = (self.busy - earlier.busy).saturating_sub(self.own - earlier.own);
        others as f64 / (self.total - earlier.total).max(1) as f64
    }
}

/// The processor time of another process, in clock ticks.
pub(crate) fn busy_ticks(process: u32) -> anyhow::Result<u64> {
    let file = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&file).with_context(|| format!("reading {file}"))?;
    used(&stat).with_context(|| format!("{file} does not look like Linux's"))
}

/// User and system time: fields 14 and 15. The command's name stands in parentheses and may hold spaces.
fn used(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// The processes that this one has started and that still run.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_others_from_ourselves() {
        let own = |ticks: u64| format!("1 (a b) c) R 0 0 0 0 0 0 0 0 0 0 {ticks} 0 0");
        let before = CpuTime::parse("cpu 100 0 0 900 0 0 0 0\n", &own(50)).unwrap();
        let after = CpuTime::parse("cpu 180 0 0 1020 0 0 0 0\n", &own(110)).unwrap();
        assert!((after.foreign_share(before) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn reads_this_machine() {
        assert!(peak_memory().unwrap() > 1 << 20);
        assert!(CpuTime::now().unwrap().total > 0);
    }
}
