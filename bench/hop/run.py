#!/usr/bin/env python3
"""Measures what api adds to a call of llm-inference, beside others in its place: `./just bench hop`.

A model that only waits stands behind every system, and callers that come evenly, answered or not, before it.
What a system adds is the difference to calling the model directly, at the same rate and in the same turn.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from driver import Driver, Step
from peers import Peers, System
from show import RATES, SHAPES, Results, show
from stand import Stand, say

# How busy api's processor is at its share, and the most that callers and model may use of theirs.
SHARE = 0.7
CALLERS = 0.8
LOOKS = 6
LOOK_SECONDS = 2
FIRST_RATE = 50.0
# After a disturbed sample, before the next one.
REST = 0.5


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just bench hop", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--ondol", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--api", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "--only",
        default="",
        help="these systems alone, as ondol,ondol-redis,envoy,envoy-authorizer,nginx,ondol-v1,litellm",
    )
    parser.add_argument("--samples", type=int, default=5, help="turns of all systems (5)")
    parser.add_argument("--seconds", type=float, default=3, help="length of a sample (3)")
    parser.add_argument("--minutes", type=float, default=20, help="begin no turn after these (20)")
    parser.add_argument(
        "--trace-ratio", type=float, default=1, help="share of calls whose spans are exported (1)"
    )
    parser.add_argument("--nginx", help="an nginx with grpc_pass (the one in PATH, else the fetched one)")
    parser.add_argument("--quick", action="store_true", help="one turn of short samples: does it run?")
    parser.add_argument("--json", action="store_true", help="print every sample as JSON instead of tables")
    return parser.parse_args()


class Bench:
    def __init__(self, given: argparse.Namespace, driver: Driver, peers: Peers) -> None:
        self.driver, self.peers = driver, peers
        self.seconds = 1.0 if given.quick else given.seconds
        self.results = Results()

    def find_rates(self) -> None:
        """The fixed ones, and one at which the system that leads is busy for its share."""
        for speaks, leaders in (("grpc", ["ondol"]), ("openai", ["litellm", "ondol-v1"])):
            spoken = {system.name: system for system in self.peers.systems if system.speaks == speaks}
            for streamed in SHAPES if spoken else ():
                for rate in RATES[:2]:
                    self.results.rates[(speaks, streamed, rate)] = float(rate)
                leader = next((spoken[name] for name in leaders if name in spoken), None)
                if leader:
                    self.results.rates[(speaks, streamed, "share")] = self.busy_rate(leader, streamed)

    def busy_rate(self, system: System, streamed: bool) -> float:
        rate = FIRST_RATE
        self.peers.wake_only(system)
        for _ in range(LOOKS):
            sample = self.driver.sample(system, Step(streamed, rate), LOOK_SECONDS)
            room = min(SHARE / max(sample.busy, 0.01), CALLERS / max(sample.callers, 0.01))
            rate *= min(4.0, max(0.3, room))
        bound = "callers and model have no more" if sample.callers > sample.busy else "its processor's share"
        say(f"{system.title}, {SHAPES[streamed]}: {rate:.0f} calls/s, {bound}")
        return rate

    def turn(self, number: int) -> None:
        # What may be more than a system carries comes last, lest its backlog be in others' way.
        for rate in ("100", "share", "1000"):
            for streamed in SHAPES:
                for speaks in ("grpc", "openai"):
                    if (speaks, streamed, rate) in self.results.rates:
                        self.step(number, speaks, streamed, rate)

    def step(self, number: int, speaks: str, streamed: bool, rate: str) -> None:
        """One sample of each system, another one first in each turn."""
        systems = [self.peers.direct(speaks)]
        systems += [system for system in self.peers.systems if system.speaks == speaks]
        first = number % len(systems)
        for system in systems[first:] + systems[:first]:
            series = self.results.of(system.name, streamed, rate)
            # What does not keep up would only be late again, and hold up everybody.
            if any(series) and not series.is_carried:
                series.append(None)
                continue
            calls = self.results.rates[(speaks, streamed, rate)]
            self.peers.wake_only(system)
            sample = self.driver.sample(system, Step(streamed, calls), self.seconds)
            series.append(sample)
            told = f"p50 {sample.p50:7.0f}  p99 {sample.p99:7.0f}  {sample.cpu_micros:6.0f} us/call"
            what = f"{system.name}, {SHAPES[streamed]}, {calls:.0f}/s"
            say(f"  {what:38} {told}  busy {sample.busy:.0%}  foreign {sample.foreign:.0%}")
            if sample not in series.clean():
                time.sleep(REST)

    def is_proved(self) -> bool:
        """Whether everything that was measured has a clean sample."""
        return all(series.clean() for series in self.results.series.values() if any(series))


def main() -> int:
    given = parse()
    stand = Stand(given.ondol.resolve())
    given.api = given.api.resolve()
    if stand.is_shared:
        say("one processor for everything: the figures mean little")
    peers = None
    try:
        model = stand.stub()
        peers = Peers(stand, model, given)
        peers.start([name for name in given.only.split(",") if name])
        bench = Bench(given, Driver(stand, model[0]), peers)
        bench.find_rates()
        begun = time.monotonic()
        for turn in range(1 if given.quick else given.samples):
            so_far = time.monotonic() - begun
            if so_far > given.minutes * 60:
                say(f"{so_far / 60:.0f} minutes are over: no more turns")
                break
            say(f"turn {turn + 1}, {so_far:.0f} s")
            bench.turn(turn)
    finally:
        if peers:
            peers.stop()
        stand.stop()
    if given.json:
        print(json.dumps(as_json(bench.results)))
    else:
        print(show(peers.systems, peers.left_out, bench.results))
    if not bench.is_proved():
        say("some figures have no clean sample, and prove nothing: end what else computes on this machine")
        return 1
    return 0


def as_json(results: Results) -> "list[dict]":
    samples = []
    for (system, streamed, rate), series in results.series.items():
        kept = [sample._asdict() for sample in series if sample]
        samples.append({"system": system, "streamed": streamed, "rate": rate, "samples": kept})
    return samples


if __name__ == "__main__":
    sys.exit(main())
