//! Redis servers that are a cluster together.

use std::{
    io,
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use crate::Redis;

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(20);
const SLOTS: u16 = 16_384;
const PRIMARIES: u16 = 3;

/// Three primaries, each with a third of the slots, and spare members without any.
pub struct Cluster {
    /// The primaries in the order of their slots, then the spare ones.
    pub members: Vec<Redis>,
}

impl Cluster {
    /// A whole cluster; takes two or three seconds, so share one where that is possible.
    pub fn start(spare: u16) -> io::Result<Self> {
        // How long a member may be silent: longer than a busy machine keeps one from answering.
        let options = ["--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"];
        let started: Vec<_> =
            (0..PRIMARIES + spare).map(|_| Redis::member(&options)).collect::<io::Result<_>>()?;
        let (first, bus) = &started[0];
        let meeting = [first.port().unwrap_or_default().to_string(), bus.to_string()];
        for (number, (member, _)) in (0..).zip(&started) {
            if number < PRIMARIES {
                let slots = Self::slots(number);
                let (from, to) = (slots.start.to_string(), (slots.end - 1).to_string());
                member.ask(&["CLUSTER", "ADDSLOTSRANGE", &from, &to])?;
            }
            member.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
            member.ask(&["CLUSTER", "MEET", "127.0.0.1", &meeting[0], &meeting[1]])?;
        }
        let cluster = Self { members: started.into_iter().map(|(member, _)| member).collect() };
        cluster.wait_until_whole()?;
        Ok(cluster)
    }

    /// The slots that a primary has at the start.
    pub fn slots(primary: u16) -> Range<u16> {
        let share = SLOTS.div_ceil(PRIMARIES);
        primary * share..SLOTS.min((primary + 1) * share)
    }

    /// The addresses for a client.
    pub fn urls(&self) -> Vec<String> {
        let ports = self.members.iter().filter_map(Redis::port);
        ports.map(|port| format!("redis://127.0.0.1:{port}")).collect()
    }

    /// Every member knows every other and takes calls.
    fn wait_until_whole(&self) -> io::Result<()> {
        let all = format!("cluster_known_nodes:{}\r", self.members.len());
        let wanted = ["cluster_state:ok", "cluster_slots_ok:16384", &all];
        let is_whole = |member: &Redis| {
            let info = member.ask(&["CLUSTER", "INFO"]).unwrap_or_default();
            wanted.iter().all(|line| info.contains(line))
        };
        let end = Instant::now() + PATIENCE;
        while !self.members.iter().all(is_whole) {
            if Instant::now() > end {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the cluster does not come together"));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Cluster;

    #[test]
    fn the_slots_are_shared_out_without_a_gap() {
        let slots: Vec<_> = (0..3).map(Cluster::slots).collect();
        assert_eq!(slots, [0..5_462, 5_462..10_924, 10_924..16_384]);
    }
}
