"""Calls at rates that change without a pause, and what api's processor and memory do meanwhile."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

import callers
from cpu import Cpu
from peers import System
from stand import Stand, used

# How often the system is looked at, in seconds.
LOOK = 0.25
MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")


class Look(NamedTuple):
    """So many seconds after the first call was due: processor time so far, in seconds, and memory in MiB."""

    at: float
    cpu: float
    memory: float


class Calls(NamedTuple):
    """What became of some calls. Times in microseconds, from when each was due."""

    calls: int
    good: int
    p50: float
    p99: float
    refused: int
    refused_p50: float
    refused_p99: float
    reasons: "dict[str, int]"
    # Refusals that do not say when to come back.
    without_hint: int
    # Whatever was neither answered nor refused for want of room.
    failed: int
    error: "str | None"
    # How late calls were made: more than a little means that the callers could not keep up.
    late_p99: float


class Phase(NamedTuple):
    rate: float
    seconds: float
    all: Calls
    first_second: Calls
    # When the last call was due that was refused or failed, in microseconds from the beginning of the phase.
    last_lost: "float | None"
    # Of the system, from the first call to the end of the phase.
    cpu: float
    looks: "list[Look]"

    @property
    def cpu_micros(self) -> float:
        """Processor time per good call, in microseconds: for a phase in which all are good."""
        return self.cpu * 1e6 / max(1, self.all.good)

    def memory(self, share: float) -> float:
        """What the system had in its memory after this share of the phase, in MiB."""
        begin, end = self.looks[0].at, self.looks[-1].at
        return next(look.memory for look in self.looks if look.at >= begin + (end - begin) * share)


class Run(NamedTuple):
    phases: "list[Phase]"
    # The share of the machine's processors that others used.
    foreign: float


def surge(stand: Stand, system: System, phases: "list[tuple[float, float]]") -> Run:
    """Calls at each rate for so many seconds, one after the other."""
    (rate, seconds), *more = phases
    flags = ["--rate", f"{rate:.3f}", "--length", f"{seconds * 1000:.0f}ms"]
    # A phase of no length would not be one: without a second, the first is told twice.
    for rate, seconds in more or [(1.0, 1.0)]:
        flags += ["--then", f"{rate:.3f}:{seconds * 1000:.0f}ms"]
    with callers.ready(stand, system, flags, sum(seconds for _, seconds in phases)) as program:
        return watched(program, system, phases)


def watched(program: subprocess.Popen, system: System, phases: "list[tuple[float, float]]") -> Run:
    looks: list[Look] = []
    ended = threading.Event()
    pid, begun, machine = system.processes[0].pid, time.monotonic(), Cpu.now()
    watcher = threading.Thread(target=watch, args=(pid, begun, looks, ended))
    watcher.start()
    try:
        said = callers.called(program, system)
        foreign = Cpu.now().foreign_share(machine)
    finally:
        ended.set()
        watcher.join()
    return Run(told(json.loads(said)["phases"][: len(phases)], looks), foreign)


def watch(pid: int, begun: float, looks: "list[Look]", ended: threading.Event) -> None:
    while True:
        looks.append(Look(time.monotonic() - begun, used(pid), resident(pid) / MIB))
        if ended.wait(LOOK):
            looks.append(Look(time.monotonic() - begun, used(pid), resident(pid) / MIB))
            return


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def told(phases: "list[dict]", looks: "list[Look]") -> "list[Phase]":
    """Each phase with the processor time that fell into it."""
    found, begin = [], 0.0
    for phase in phases:
        end = begin + phase["seconds"]
        inside = [look for look in looks if begin <= look.at <= end] or looks[-1:]
        cpu = cpu_at(looks, end) - cpu_at(looks, begin)
        calls = Calls(**phase["all"]), Calls(**phase["first_second"]), phase["last_lost"]
        found.append(Phase(phase["rate"], phase["seconds"], *calls, cpu, inside))
        begin = end
    return found


def cpu_at(looks: "list[Look]", at: float) -> float:
    """Processor time until then, evenly between two looks."""
    before = [look for look in looks if look.at <= at][-1:] or looks[:1]
    after = [look for look in looks if look.at > at][:1] or looks[-1:]
    (one,), (other,) = before, after
    if other.at <= one.at:
        return one.cpu
    share = min(1.0, max(0.0, (at - one.at) / (other.at - one.at)))
    return one.cpu + (other.cpu - one.cpu) * share
