#!/usr/bin/env python3
"""Lets calls come by chance at the rates of the reference's load test, and tells what one api makes of them:
`./just bench load`.

The model behind it takes as long as the reference's answers at its lowest rate, and is as quick at all rates:
what grows with the rate is api's. A second table has a real model, at the rate that it carries here.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Optional

from driver import Driver, Step
from figures import Series
from peers import Peers
from real import COLUMNS, RealModel, cells
from show import markdown
from stand import Stand, say

# The reference's rows: calls a second, mean and p95 in ms, errors, replicas of the API and of the model.
REFERENCE = (
    (120, 210, 350, "0.2 %", "2 + 1"),
    (240, 330, 580, "0.4 %", "4 + 1"),
    (480, 490, 830, "1.0 %", "6 + 2"),
)
HEAD = ["calls/s", "reference: mean / p95, ms", "errors", "replicas, API + model", *COLUMNS]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just bench load", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--ondol", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--api", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--llm-inference", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--samples", type=int, default=3, help="turns of all rates (3)")
    parser.add_argument("--seconds", type=float, default=20, help="length of a sample (20)")
    parser.add_argument("--mean", type=int, default=210, help="mean time of the model's answers in ms (210)")
    parser.add_argument("--p95", type=int, default=350, help="their 95th percentile in ms (350)")
    parser.add_argument(
        "--trace-ratio", type=float, default=1, help="share of calls whose spans are exported (1)"
    )
    return parser.parse_args()


def main() -> int:
    given = parse()
    given.api = given.api.resolve()
    given.llm_inference = given.llm_inference and given.llm_inference.resolve()
    stand = Stand(given.ondol.resolve())
    try:
        model = stand.stub("--mean", f"{given.mean}ms", "--p95", f"{given.p95}ms")
        results = at_reference_rates(stand, model, given)
        real = with_real_model(stand, model[1], given)
    finally:
        stand.stop()
    print(markdown(HEAD, [row(line, results) for line in REFERENCE]))
    series = list(results.values())
    if real:
        print(f"\n{real.table()}")
        series += real.results.values()
    if not all(one.clean() for one in series):
        say("some figures have no clean sample, and prove nothing: end what else computes on this machine")
        return 1
    return 0


def at_reference_rates(
    stand: Stand, model: tuple, given: argparse.Namespace
) -> "dict[tuple[int, str], Series]":
    results: dict[tuple[int, str], Series] = {}
    peers = Peers(stand, model, given)
    systems = [peers.direct("grpc"), peers.ondol()]
    driver = Driver(stand, model[0])
    for turn in range(given.samples):
        for rate, *_ in REFERENCE:
            for system in systems if turn % 2 else systems[::-1]:
                sample = driver.sample(system, Step(False, float(rate), by_chance=True), given.seconds)
                results.setdefault((rate, system.name), Series()).append(sample)
                told = f"mean {sample.mean / 1000:.0f} ms  p95 {sample.p95 / 1000:.0f} ms"
                say(f"  {system.title:12} {rate}/s  {told}  foreign {sample.foreign:.0%}")
                time.sleep(0.5)
    return results


def with_real_model(stand: Stand, collector: int, given: argparse.Namespace) -> "Optional[RealModel]":
    missing = RealModel.missing(given)
    if missing:
        say(f"left out: the real model: {missing}")
        return None
    real = RealModel(stand, given, collector)
    real.find_rate()
    for turn in range(given.samples):
        real.turn(turn, given.seconds)
    return real


def row(line: tuple, results: dict) -> "list[str]":
    rate, mean, p95, errors, replicas = line
    told = cells(results[(rate, "direct-grpc")], results[(rate, "ondol")])
    return [str(rate), f"{mean} / {p95}", errors, replicas, *told]


if __name__ == "__main__":
    sys.exit(main())
