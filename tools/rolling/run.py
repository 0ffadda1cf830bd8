#!/usr/bin/env python3
"""Restarts api behind a load balancer while clients call, and counts the calls that fail: `./just rolling`.

    run.py --ondol PROGRAM --api PROGRAM --llm-inference PROGRAM [nginx|envoy|haproxy|all] [--restarts 10]

A model that generates stands behind two replicas of api, the balancer before them, with the settings of
docs/balancers.md. grpcio and OpenAI's client call through it without trying anything twice. Each replica in
turn gets SIGTERM, is waited for, is started again and waited for. The exit code is 1 where a call failed, a
stream broke off, or a replica did not end well.
"""

import argparse
import signal
import sys
from pathlib import Path

import balancers
import rollout
import tally
from load import Amount, Load, callers
from model import start_model
from replica import Replica
from settings import KNOWN, Address
from stand import Stand, say

KINDS = (
    "CountTokens, gRPC",
    "GenerateText, gRPC",
    "StreamGenerateText, gRPC",
    "countTokens, JSON",
    "/v1/models",
    "/v1/chat/completions",
    "/v1/chat/completions, streamed",
)


def resolved(path: str) -> Path:
    """As the programs are started in another folder."""
    return Path(path).resolve()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just rolling", description=__doc__.split("\n", 1)[0])
    for program in ("--ondol", "--api", "--llm-inference"):
        parser.add_argument(program, required=True, type=resolved, help=argparse.SUPPRESS)
    parser.add_argument(
        "balancer", nargs="?", default="all", choices=[*KNOWN, "all"], help="what stands before api (all)"
    )
    parser.add_argument("--restarts", type=int, default=10, help="restarts of each replica (10)")
    parser.add_argument("--rate", type=float, default=50, help="short calls a second (50)")
    parser.add_argument("--streams", type=int, default=10, help="streams at once (10)")
    parser.add_argument("--tokens", type=int, default=32, help="length of a stream (32)")
    parser.add_argument(
        "--stub", action="store_true", help="a model that only waits, for many streams on a small machine"
    )
    parser.add_argument("--drain-delay", default="4s", help="api's: how long it serves on (4s)")
    parser.add_argument("--keep-logs", type=resolved, help="copy all logs and settings into this folder")
    return parser.parse_args()


def trial(given: argparse.Namespace, name: str) -> tally.Tally:
    program = balancers.found(name)
    title = balancers.title(name, program)
    say(f"{title}, {given.restarts} restarts of 2 replicas")
    stand = Stand()
    try:
        model, url = start_model(stand, given)
        settings = ["--llm-inference-url", url, "--drain-delay", given.drain_delay]
        replicas = [Replica(stand, f"api-{number}", given.api, settings) for number in (1, 2)]
        addresses = [Address(replica.port, replica.admin) for replica in replicas]
        port = balancers.start(stand, name, program, addresses)
        load = Load(stand, callers(port, model, Amount(given.rate, given.streams, given.tokens)))
        load.until_all(KINDS)
        lives = rollout.roll(replicas, given.restarts, load.check)
        return tally.Tally(title, load.stop(), lives, KINDS)
    finally:
        stand.stop(given.keep_logs / name if given.keep_logs else None)


def main() -> int:
    given = parse()
    # The same as Ctrl-C, so that nothing is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = list(KNOWN) if given.balancer == "all" else [given.balancer]
    wrong = 0
    for name in names:
        result = trial(given, name)
        print(result.table(), end="\n\n", flush=True)
        if faults := result.faults():
            wrong += len(faults)
            say(tally.summed(faults))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
