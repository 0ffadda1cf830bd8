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


class Amount(NamedTuple):
    # Short calls a second, and streams at once, over all clients.
    rate: float
    streams: int
    tokens: int
    # Seconds from the end of a stream to the next one, for machines that have other things to do.
    rest: float = 0.0


class Client(NamedTuple):
    # The package whose environment it needs.
    package: str
    told: "list[str]"


def callers(port: int, model: str, amount: Amount) -> "dict[str, Client]":
    """Those who call a model through api, by the names of their programs."""
    packages = {"over_grpc": "grpcio", "over_http": "openai"}
    share, streams = amount.rate / len(packages), amount.streams // len(packages)
    told = [f"127.0.0.1:{port}", KEY, model]
    told += [str(figure) for figure in (share, streams, amount.tokens, amount.rest)]
    return {name: Client(package, told) for name, package in packages.items()}


class Load:
    def __init__(self, stand: Stand, clients: "dict[str, Client]") -> None:
        self.stand = stand
        self.processes: dict[str, subprocess.Popen] = {}
        for name, client in clients.items():
            path = {"PYTHONPATH": str(fetched(client.package).parent / "site")}
            command = [sys.executable, "-S", "-W", "ignore", str(CLIENTS / f"{name}.py"), *client.told]
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


def entries(log: str, first: str = "kind") -> "list[dict]":
    """What a log says of calls, or of whatever begins with this word. A client's library may say something in
    between, and the last line may be half written.
    """
    whole = [line for line in log.split("\n")[:-1] if line.startswith(f'{{"{first}"')]
    return [json.loads(line) for line in whole]
