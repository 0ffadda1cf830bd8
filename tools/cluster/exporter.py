"""What pods of api say of themselves at /metrics, though nothing runs in them: a proxy that answers for all.

Prometheus reads a pod at the pod's own address, by way of this proxy, and says in the query who is asked: the
pod's name, and what is tried with it (its label `trial`). It has had calls, as its trial says, since it was
asked first. What it answers has the names, labels and edges of libs/rpc/src/metrics.rs and of
libs/telemetry/src/metrics.rs.
"""

import http.server
import threading
import time
import urllib.parse
from contextlib import suppress
from typing import Any, NamedTuple

NAME = "rpc_server_call_duration_seconds"
EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Calls(NamedTuple):
    """Calls of one kind, of which all take the same time."""

    service: str
    method: str
    code: str
    seconds: float
    a_second: float


INFERENCE = "ondol.inference.v1.InferenceService"


def calls(seconds: float = 0.02, failing: float = 0.0) -> "list[Calls]":
    """40 a second, of which a share fails inside, besides what a version is not to be judged by: mistakes of
    callers, generations, which take as long as their texts, and probes."""
    return [
        Calls(INFERENCE, "ListModels", "OK", seconds, 40 * (1 - failing)),
        Calls(INFERENCE, "ListModels", "UNAVAILABLE", seconds, 40 * failing),
        Calls(INFERENCE, "CountTokens", "INVALID_ARGUMENT", 0.002, 20),
        Calls(INFERENCE, "StreamGenerateText", "OK", 20, 20),
        Calls("http", "POST /v1/chat/completions", "OK", 20, 20),
        Calls("grpc.health.v1.Health", "Check", "UNAVAILABLE", 20, 20),
    ]


# By the pods' label `trial`.
TRIALS = {
    "first": calls(),
    "good": calls(),
    "slow": calls(seconds=1.5),
    "failing": calls(failing=0.2),
    "broken": calls(failing=1.0),
    # Nothing but probes, as of a preview that nobody calls.
    "unused": calls()[-1:],
}


class Exporter:
    def __init__(self) -> None:
        self.trials = dict(TRIALS)
        self.pods: dict[str, Pod] = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def turns(self, trial: str, into: str) -> None:
        """From now on pods of this trial are called as those of another."""
        self.trials[trial] = TRIALS[into]

    def metrics(self, pod: str, trial: str) -> str:
        return self.pods.setdefault(pod, Pod()).metrics(self.trials[trial])


class Pod:
    """The counters of a pod, which go on for as long as it is asked."""

    def __init__(self) -> None:
        self.seen = time.monotonic()
        self.counted: dict[Calls, float] = {}
        self.lock = threading.Lock()

    def metrics(self, now: "list[Calls]") -> str:
        with self.lock:
            passed, self.seen = time.monotonic() - self.seen, time.monotonic()
            for kind in now:
                self.counted[kind] = self.counted.get(kind, 0.0) + kind.a_second * passed
            return exposition(self.counted)


def exposition(counted: "dict[Calls, float]") -> str:
    """Whole calls, as one series for each service, method and code."""
    series: dict[tuple[str, str, str], list[tuple[float, int]]] = {}
    for kind, count in counted.items():
        series.setdefault(kind[:3], []).append((kind.seconds, int(count)))
    lines = [f"# TYPE {NAME} histogram", f"# UNIT {NAME} seconds"]
    for (service, method, code), observed in series.items():
        labels = f'rpc_service="{service}",rpc_method="{method}",rpc_response_status_code="{code}"'
        lines += [f"{NAME}_sum{{{labels}}} {sum(seconds * count for seconds, count in observed)}"]
        lines += [f"{NAME}_count{{{labels}}} {sum(count for _, count in observed)}"]
        for edge in (*EDGES, float("inf")):
            below = sum(count for seconds, count in observed if seconds <= edge)
            le = "+Inf" if edge == float("inf") else str(edge)
            lines.append(f'{NAME}_bucket{{le="{le}",{labels}}} {below}')
    return "\n".join([*lines, "# EOF", ""])


def handler(exporter: Exporter) -> "type[http.server.BaseHTTPRequestHandler]":
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Of a proxy's request the first line has the whole address."""
            asked = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(asked.query))
            body = exporter.metrics(query["pod"], query["trial"]).encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            # On a busy machine Prometheus may have given up.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler
