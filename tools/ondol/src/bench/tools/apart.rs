//! mcp in a process of its own, and who has which processor.

use std::{
    env,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::process_stat;

/// The service's process; it ends with this.
pub(super) struct Apart(Child);

impl Apart {
    /// Starts the program that lies beside this one on a processor, as it is deployed: it logs every call, and nobody reads that here.
    pub(super) fn start(tools: &str, processor: Option<usize>) -> anyhow::Result<(SocketAddr, Self)> {
        let program = env::current_exe().context("finding this program")?.with_file_name("mcp");
        // The port is free a moment ago, and nobody else is being started here.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(&program);
        command.args(["--listen", &address.to_string(), "--admin-addr", "127.0.0.1:0", "--tools", tools]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = on(processor, || command.spawn())?;
        let child = child.with_context(|| format!("starting {}", program.display()))?;
        Ok((address, Self(child)))
    }
}

impl Apart {
    /// How long it has used a processor.
    pub(super) fn busy(&self) -> anyhow::Result<Duration> {
        let ticks = process_stat::busy_ticks(self.0.id())?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Leaves a processor to mcp, if there is more than one: everything that this thread starts from now on stays on the others.
pub(super) fn make_room() -> anyhow::Result<Option<usize>> {
    let mut rest = sched_getaffinity(None)?;
    let first = (0..CpuSet::MAX_CPU).find(|processor| rest.is_set(*processor));
    let Some(first) = first.filter(|_| rest.count() > 1) else { return Ok(None) };
    rest.unset(first);
    sched_setaffinity(None, &rest)?;
    Ok(Some(first))
}

/// Does something on one processor, if one is given, and what that starts stays there.
fn on<T>(processor: Option<usize>, work: impl FnOnce() -> T) -> anyhow::Result<T> {
    let Some(processor) = processor else { return Ok(work()) };
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(processor);
    sched_setaffinity(None, &one)?;
    let done = work();
    sched_setaffinity(None, &before)?;
    Ok(done)
}
