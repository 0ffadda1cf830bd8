"""What the Python systems have in common: their arguments, and how they speak with the driver."""

import argparse
import json
import sys

PAYLOAD = "x" * 512
# Between two jobs whose pick-up is measured, in seconds.
PAUSE = 0.005


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--step", required=True, choices=["enqueue", "drain", "pickup"])
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--concurrency", type=int, default=10)
    return parser.parse_args()


def wait_for_word() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def report(given: argparse.Namespace, **answer: object) -> None:
    print(json.dumps({"jobs": given.jobs, **answer}), flush=True)
