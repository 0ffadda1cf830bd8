"""What pods run on here: processes, each at an address of its own."""

import http.client
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Optional

from pods.chart import Probe
from pods.pod import Figures, Pod, Process
from pods.silence import Silence
from replica import served, total, under_way
from stand import Stand

# For figures, which nobody times.
PATIENCE = 3
# Its address takes the place of every address in what the chart says.
EVERYWHERE = "0.0.0.0"


class Machine:
    def __init__(self, stand: Stand, programs: "dict[str, Path]", env: "dict[str, dict[str, str]]") -> None:
        """`env` is what the cluster, and not the chart, tells the pods of each service."""
        self.stand, self.programs, self.env = stand, programs, env
        self.silent: list[Silence] = []
        self.askers = ThreadPoolExecutor(max_workers=32)

    def launch(self, pod: Pod) -> Process:
        service = pod.template.service
        told = {name: text.replace(EVERYWHERE, pod.address) for name, text in pod.template.env.items()}
        return self.stand.start(pod.name, [str(self.programs[service])], {**told, **self.env[service]})

    def ask(self, pod: Pod, probe: Probe) -> "Future[bool]":
        return self.askers.submit(is_well, pod.address, probe)

    def figures(self, pod: Pod) -> Figures:
        told = got(pod.address, pod.template.ports["admin"], "/metrics", PATIENCE) or ""
        # Workers are called by nobody, and do jobs.
        return Figures(served(told) + total(told, "ondol_jobs_attempts_total"), under_way(told))

    def bury(self, pod: Pod) -> None:
        """Nobody is told that it has gone: what is sent there is lost, as in a network that drops it."""
        if "grpc" in pod.template.ports:
            self.silent.append(Silence(pod.address, pod.template.ports["grpc"]))


def is_well(address: str, probe: Probe) -> bool:
    return got(address, probe.port, probe.path, probe.timeout) is not None


def got(address: str, port: int, path: str, timeout: float) -> Optional[str]:
    """What it answers; nothing where that is no success."""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        return text if 200 <= answer.status < 400 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def without_ours() -> None:
    """What the caller's shell sets for Ondol's programs is not meant for pods, but for where packages are."""
    for name in [name for name in os.environ if name.startswith("ONDOL_") and name != "ONDOL_CACHE"]:
        del os.environ[name]
