"""One replica of api, which is ended and started again as a rollout does it."""

import hashlib
import re
import time
from pathlib import Path
from typing import NamedTuple

from stand import Stand, asked, free_port

KEY = "ondol_rolling"
# Longer than the longest stream, on a machine that has other things to do as well.
GRACE = 120
# Longer than both of its times together, as its orchestrator must wait.
PATIENCE = 180


class Life(NamedTuple):
    """What one process of a replica did."""

    replica: str
    # When it was told to end, by the clock on the wall, and how long it then took.
    told: float
    took: float
    code: int
    # Calls that it answered, and those under way when it was told to end; health and reflection not counted.
    served: int
    under_way: int


class Replica:
    def __init__(self, stand: Stand, name: str, program: Path, settings: "list[str]") -> None:
        self.stand, self.name = stand, name
        self.port, self.admin = free_port(), free_port()
        self.command = [
            str(program),
            *("--listen", f"127.0.0.1:{self.port}", "--admin-addr", f"127.0.0.1:{self.admin}"),
            *("--api-key", f"rolling:{hashlib.sha256(KEY.encode()).hexdigest()}"),
            *("--grace", f"{GRACE}s", "--log-format", "json", "--log-filter", "warn"),
            *settings,
        ]
        self.start()

    def start(self) -> None:
        self.process = self.stand.start(self.name, self.command)
        self.stand.until_ready(self.process, self.name, self.admin)

    def end(self) -> Life:
        figures = asked(self.admin, "/metrics") or ""
        told = time.time()
        self.process.terminate()
        code = self.stand.ended(self.process, PATIENCE)
        return Life(self.name, told, time.time() - told, code, served(figures), under_way(figures))


def served(figures: str) -> int:
    return total(figures, "rpc_server_call_duration_seconds_count")


def under_way(figures: str) -> int:
    return total(figures, "rpc_server_calls_in_flight")


def total(figures: str, metric: str) -> int:
    """The sum over all methods but those by which others look after the server."""
    lines = re.findall(rf"^{metric}\{{([^}}]*)\}} ([0-9.]+)", figures, re.MULTILINE)
    return sum(int(float(value)) for labels, value in lines if 'service="grpc.' not in labels)
