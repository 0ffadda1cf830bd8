#!/usr/bin/env python3
"""Measures what it costs api to tell of its calls: `./just bench telemetry`.

The same api several times over, each with more telemetry than the one before, between the same callers and
the same model that only waits. Metrics cannot be turned off, and are in all of them.
"""

import argparse
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple, Optional

from driver import Driver, Sample, Step
from figures import Series, added, pairs
from peers import Peers, System
from show import clean, markdown, number, percent, plus
from stand import Stand, say

# What telemetry may cost as production has it (deploy/env/prod), as a share of what api does for a call.
AIM = 0.05
OFF, AS_IN_PROD = "off", "sampled"
# Fewer calls than these tell little of what one costs.
FEWEST = 500
# Calls a second; the model directly shows what the callers themselves take. Not in step with the clock by
# which the kernel counts who computes: at a thousand a second it would see the callers always, or never.
RATES = (97.0, 997.0)
FIRST_RATE = 50.0
LOOKS = 6
LOOK_SECONDS = 2
SHARE = 0.7
CALLERS = 0.8
REST = 0.5


class Way(NamedTuple):
    name: str
    title: str
    flags: "list[str]"


def ways(collector: str, loki: str) -> "list[Way]":
    lines, spans = ["--log-filter", "info"], ["--otlp-endpoint", collector]
    every, few = [*spans, "--trace-ratio", "1"], [*spans, "--trace-ratio", "0.05"]
    return [
        Way(OFF, "nothing but metrics", ["--log-filter", "off"]),
        Way("lines", "a line for each call", lines),
        Way(AS_IN_PROD, "and spans of 5 in 100", [*lines, *few]),
        Way("all", "and spans of all", [*lines, *every]),
        Way("pushed", "and lines pushed to Loki", [*lines, *every, "--loki-url", loki]),
    ]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just bench telemetry", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--ondol", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--api", required=True, type=Path, help=argparse.SUPPRESS)
    # Many short ones: what is compared should stand close together, as the machine is not the same for long.
    parser.add_argument("--samples", type=int, default=15, help="turns of all of them (15)")
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="length of a sample of 500 calls or more (1.5)"
    )
    parser.add_argument(
        "--rate", type=float, help="calls a second, this alone (97, 997, what keeps api busy)"
    )
    parser.add_argument("--quick", action="store_true", help="one turn of short samples: does it run?")
    return parser.parse_args()


class Loki:
    """Takes whatever is pushed, as quickly as it can be read."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pushed)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Pushed(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Bench:
    def __init__(
        self, driver: Driver, systems: "list[System]", direct: System, seconds: float, fewest: int
    ) -> None:
        self.driver, self.systems, self.direct = driver, systems, direct
        self.seconds, self.fewest = seconds, fewest
        self.series: dict[tuple[str, float], Series] = {}

    def of(self, name: str, rate: float) -> Series:
        return self.series.setdefault((name, rate), Series())

    def busy_rate(self, system: System) -> float:
        """At which the processor of the one that tells nothing is busy for its share."""
        rate = FIRST_RATE
        for _ in range(LOOKS):
            sample = self.driver.sample(system, Step(False, rate), LOOK_SECONDS)
            room = min(SHARE / max(sample.busy, 0.01), CALLERS / max(sample.callers, 0.01))
            rate *= min(4.0, max(0.3, room))
        say(f"{rate:.0f} calls/s keep it busy")
        return rate

    def turn(self, number_of_turn: int, rate: float) -> None:
        """One sample of each, by chance in each turn: whoever always came behind the same one would have the
        processor as that one left it, such as rested behind the model called directly."""
        systems = [self.direct, *self.systems]
        Random(f"{number_of_turn} {rate}").shuffle(systems)
        seconds = max(self.seconds, self.fewest / rate)
        for system in systems:
            sample = self.driver.sample(system, Step(False, rate), seconds)
            self.of(system.name, rate).append(sample)
            say(f"  {system.title:26} {rate:6.0f}/s  p50 {sample.p50:6.0f}  {sample.cpu_micros:5.0f} us/call")
            if sample.foreign > 0.05:
                time.sleep(REST)

    def is_proved(self) -> bool:
        return all(series.clean() for series in self.series.values())


def cost(own: Series, off: Series) -> "Optional[float]":
    """What it costs, as a share of what api does for a call that it tells of."""
    shares = [
        (one.cpu_micros - other.cpu_micros) / one.cpu_micros for one, other in pairs(own, off) if one.cpu
    ]
    return median(shares) if shares else None


def table(bench: Bench, rates: "list[float]") -> str:
    head = [
        "calls/s",
        "telemetry",
        "µs of processor per call",
        "of which it costs",
        "added p50, µs",
        "p99, µs",
        "clean",
    ]
    rows = []
    for rate in rates:
        base, off = bench.of(bench.direct.name, rate), bench.of(OFF, rate)
        for system in bench.systems:
            own = bench.of(system.name, rate)
            share = cost(own, off) if system.name != OFF else None
            rows.append(
                [
                    number(rate),
                    system.title,
                    number(own.median(processor)) if own.counted() else "–",
                    "–" if share is None else percent(share, 1),
                    plus(added(own, base, "p50")),
                    plus(added(own, base, "p99")),
                    clean(own),
                ]
            )
    return markdown(head, rows)


def processor(sample: Sample) -> float:
    return sample.cpu_micros


def too_dear(bench: Bench, rates: "list[float]") -> "list[str]":
    """Where it costs more than it may."""
    found = [(rate, cost(bench.of(AS_IN_PROD, rate), bench.of(OFF, rate))) for rate in rates]
    return [
        f"{number(rate)} calls/s: {percent(share, 1)}, {percent(AIM)} at most"
        for rate, share in found
        if share is not None and share > AIM
    ]


def main() -> int:
    given = parse()
    given.trace_ratio = 1
    stand = Stand(given.ondol.resolve())
    given.api = given.api.resolve()
    if stand.is_shared:
        say("one processor for everything: the figures mean little")
    try:
        model = stand.stub()
        peers = Peers(stand, model, given)
        chosen = ways(f"http://127.0.0.1:{peers.collector}", Loki().url)
        systems = []
        for way in chosen:
            port, process = peers.api(telemetry=way.flags)
            systems.append(System(way.name, way.title, "grpc", port, [process]))
        length = (1.0, 0) if given.quick else (given.seconds, FEWEST)
        bench = Bench(Driver(stand, model[0]), systems, peers.direct("grpc"), *length)
        rates = [given.rate] if given.rate else [*RATES, bench.busy_rate(systems[0])]
        for turn in range(1 if given.quick else given.samples):
            say(f"turn {turn + 1}")
            for rate in rates:
                bench.turn(turn, rate)
    finally:
        stand.stop()
    print(table(bench, rates))
    if not bench.is_proved():
        say("some figures have no clean sample, and prove nothing: end what else computes on this machine")
        return 1
    dear = [] if given.quick else too_dear(bench, rates)
    for line in dear:
        say(f"telemetry costs too much at {line}")
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
