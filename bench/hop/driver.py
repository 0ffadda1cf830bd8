"""One sample: callers at a rate, and what the machine did meanwhile."""

import json
import subprocess
import time
from typing import NamedTuple

import callers
from cpu import Cpu
from peers import System
from stand import MODEL, Stand, cpu_seconds, say


class Step(NamedTuple):
    streamed: bool
    rate: float
    by_chance: bool = False


class Sample(NamedTuple):
    """Times in microseconds, of good answers."""

    calls: int
    errors: int
    mean: float
    p50: float
    p95: float
    p99: float
    token_p50: float
    token_p99: float
    # Processor time of the system, in seconds.
    cpu: float
    # How long it all took, the last answer included.
    seconds: float
    # The shares, 0 to 1, of their processors that the system and that callers and model used.
    busy: float
    callers: float
    # The share of all processors that others used.
    foreign: float
    # Whether answers kept up with calls.
    carried: bool

    @property
    def cpu_micros(self) -> float:
        return self.cpu * 1e6 / max(1, self.calls)


class Driver:
    def __init__(self, stand: Stand, model: subprocess.Popen, name: str = MODEL) -> None:
        self.stand, self.model, self.name = stand, model, name

    def sample(self, system: System, step: Step, seconds: float) -> Sample:
        flags = [
            *("--model", self.name, "--rate", f"{step.rate:.3f}", "--length", f"{seconds * 1000:.0f}ms"),
            *(["--streamed"] if step.streamed else []),
            *(["--by-chance"] if step.by_chance else []),
        ]
        with callers.ready(self.stand, system, flags, seconds) as program:
            return self.watch(program, system, seconds)

    def watch(self, program: subprocess.Popen, system: System, seconds: float) -> Sample:
        ours = [program, self.model]
        machine, cpu, before = Cpu.now(), cpu_seconds(system.processes), cpu_seconds(ours)
        begun = time.monotonic()
        said = callers.called(program, system)
        took = time.monotonic() - begun
        cpu, own = cpu_seconds(system.processes) - cpu, cpu_seconds(ours) - before
        foreign = Cpu.now().foreign_share(machine)
        told = json.loads(said)
        told.pop("tokens")
        if problem := told.pop("error"):
            say(f"  {system.title}: {told['errors']} of {told['calls']} failed: {problem[:200]}")
        return Sample(
            **told,
            cpu=cpu,
            seconds=took,
            busy=cpu / took,
            callers=own / took / len(self.stand.others),
            foreign=foreign,
            carried=told["errors"] * 100 <= told["calls"] and took <= seconds * 1.1 + 0.5,
        )
