"""The second half of `./just bench load`: llm-inference with a real model, at the rate that it carries here.

The model and the callers share the processors that api does not have, so the rate says something of this
machine; what api adds to an answer, and what fails, is the point.
"""

import os
import time
from pathlib import Path

from driver import Driver, Sample, Step
from figures import Series
from peers import Peers, System
from show import clean, markdown, percent
from stand import Stand, free_port, say

MODEL = "smollm2-135m-instruct"
# Rates double until the model does not keep up, or answers take so many times as long as one alone.
FIRST_RATE = 1.0
PATIENCE = 4
LOOK_SECONDS = 6
# The share of that rate at which everything is measured.
SHARE = 0.7
# What is told of one api before a model, real or not.
COLUMNS = [
    "model alone: mean / p95, ms",
    "through one api: mean / p95, ms",
    "errors",
    "api's processor",
    "µs of it per call",
    "clean samples",
]


class RealModel:
    """llm-inference and an api before it."""

    def __init__(self, stand: Stand, given, collector: int) -> None:
        port = free_port()
        command = [
            *(str(given.llm_inference), "--listen", f"127.0.0.1:{port}"),
            *("--admin-addr", f"127.0.0.1:{free_port()}", "--models", os.environ["ONDOL_MODELS"]),
            *("--model", MODEL, "--onnxruntime-library", os.environ["ONDOL_ONNXRUNTIME_LIBRARY"]),
            *("--threads", str(len(stand.others))),
        ]
        process = stand.start(command, stand.others, port)
        peers = Peers(stand, (process, port), given, collector)
        self.driver = Driver(stand, process, MODEL)
        self.alone, self.through = peers.direct("grpc"), peers.ondol()
        self.rate = 0.0
        self.results = {system.name: Series() for system in (self.alone, self.through)}

    @staticmethod
    def missing(given) -> str:
        """Why there is none, if so."""
        for name in ("ONDOL_MODELS", "ONDOL_ONNXRUNTIME_LIBRARY"):
            if not Path(os.environ.get(name, "")).exists() or not os.environ.get(name):
                return f"{name} does not say where it is"
        return "" if given.llm_inference else "--llm-inference is not given"

    def sample(self, system: System, seconds: float) -> Sample:
        return self.driver.sample(system, Step(False, self.rate, by_chance=True), seconds)

    def find_rate(self) -> None:
        self.rate = FIRST_RATE
        lone = self.sample(self.alone, LOOK_SECONDS)
        carried = self.rate
        while True:
            self.rate *= 2
            look = self.sample(self.alone, LOOK_SECONDS)
            say(f"  real model, {self.rate:.0f}/s: p95 {look.p95 / 1000:.0f} ms")
            if not look.carried or look.p95 > PATIENCE * lone.p95:
                break
            carried = self.rate
        self.rate = SHARE * carried

    def turn(self, number: int, seconds: float) -> None:
        systems = [self.alone, self.through]
        for system in systems if number % 2 else systems[::-1]:
            sample = self.sample(system, seconds)
            self.results[system.name].append(sample)
            told = f"mean {sample.mean / 1000:.0f} ms  foreign {sample.foreign:.0%}"
            say(f"  real model, {system.title}: {told}")
            time.sleep(0.5)

    def table(self) -> str:
        alone, through = self.results[self.alone.name], self.results[self.through.name]
        return markdown(["calls/s", *COLUMNS], [[f"{self.rate:.1f}", *cells(alone, through)]])


def cells(alone: Series, through: Series) -> "list[str]":
    """What stands in these columns."""
    calls = sum(sample.calls for sample in through.counted())
    failed = sum(sample.errors for sample in through.counted())
    return [
        times(alone),
        times(through),
        percent(failed / max(1, calls), 1),
        percent(through.median(lambda sample: sample.busy)),
        f"{through.median(lambda sample: sample.cpu_micros):.0f}",
        clean(through),
    ]


def times(series: Series) -> str:
    mean = series.median(lambda sample: sample.mean) / 1000
    p95 = series.median(lambda sample: sample.p95) / 1000
    return f"{mean:.1f} / {p95:.1f}"
