"""Whose processor time it was: ours, Redis's, or somebody else's."""

import os
from pathlib import Path
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")


class Cpu(NamedTuple):
    """Processor time until now, in ticks: of the machine, and of this process and all that it started."""

    total: int
    busy: int
    own: int

    @classmethod
    def now(cls) -> "Cpu":
        ticks = [int(tick) for tick in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        idle = ticks[3] + ticks[4]
        return cls(sum(ticks), sum(ticks) - idle, tree_ticks())

    def foreign_share(self, earlier: "Cpu") -> float:
        """The share of the machine's processors, 0 to 1, that others used since then."""
        others = max(0, (self.busy - earlier.busy) - (self.own - earlier.own))
        return others / max(1, self.total - earlier.total)


def tree_ticks() -> int:
    """User and system time of this process, its descendants, and those of them that have ended."""
    parents, ticks = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The command's name stands in parentheses and may hold spaces.
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has ended meanwhile
            parents[int(folder.name)] = int(fields[1])
            ticks[int(folder.name)] = sum(int(field) for field in fields[11:15])
    return sum(ticks[pid] for pid in ticks if is_ours(pid, parents))


def is_ours(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        if pid == os.getpid():
            return True
        pid = parents[pid]
    return False
