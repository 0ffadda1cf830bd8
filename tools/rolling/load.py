"""The clients, each a process of its own on the packages that were fetched for it."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from balancers import fetched
from replica import KEY
from stand import Stand

CLIENTS = Path(__file__).resolve().parent / "clients"
# A call has a deadline of two minutes. This is for the first of each kind, and for the last ones to end.
PATIENCE = 150
# The environment that each client needs.
PACKAGES = {"over_grpc": "grpcio", "over_http": "openai"}


class Amount(NamedTuple):
    # Short calls a second, and streams at once, over all clients.
    rate: float
    streams: int
    tokens: int


class Load:
    def __init__(self, stand: Stand, port: int, model: str, amount: Amount) -> None:
        self.stand = stand
        self.processes: dict[str, subprocess.Popen] = {}
        share, streams = amount.rate / len(PACKAGES), amount.streams // len(PACKAGES)
        told = [f"127.0.0.1:{port}", KEY, model, str(share), str(streams), str(amount.tokens)]
        for name, package in PACKAGES.items():
            path = {"PYTHONPATH": str(fetched(package).parent / "site")}
            command = [sys.executable, "-S", "-W", "ignore", str(CLIENTS / f"{name}.py"), *told]
            self.processes[name] = stand.start(name, command, path)

    def lines(self) -> "list[dict]":
        """The calls so far."""
        return [entry for name in self.processes for entry in entries(self.stand.log(name).read_text())]

    def until_all(self, kinds: "tuple[str, ...]") -> None:
        """Waits until every kind of call has been made once: a client may take long to start."""
        end = time.monotonic() + PATIENCE
        while missing := set(kinds) - {line["kind"] for line in self.lines()}:
            self.check()
            if time.monotonic() > end:
                raise SystemExit(f"not called in {PATIENCE} s: {', '.join(sorted(missing))}")
            time.sleep(0.2)

    def check(self) -> None:
        """A client that has ended by itself would let everything look well."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                said = self.stand.log(name).read_text()[-3000:]
                raise SystemExit(f"the client {name} has ended by itself\n{said}")

    def stop(self) -> "list[dict]":
        """Lets the calls that run end; returns all of them."""
        self.check()
        for process in self.processes.values():
            process.terminate()
        for name, process in self.processes.items():
            if self.stand.ended(process, PATIENCE) != 0:
                raise SystemExit(f"the client {name} failed\n{self.stand.log(name).read_text()[-3000:]}")
        return self.lines()


def entries(log: str) -> "list[dict]":
    """A client's library may say something of its own in between, and the last line may be half written."""
    whole = [line for line in log.split("\n")[:-1] if line.startswith('{"kind"')]
    return [json.loads(line) for line in whole]
