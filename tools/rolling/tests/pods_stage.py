"""Pods without processes, on a clock that a test moves."""

from concurrent.futures import Future
from typing import Optional, Union

from pods.chart import Probe, Template
from pods.deployment import Deployment
from pods.pod import Figures, Pod

STEP = 0.25


def probe(path: str, **told: float) -> Probe:
    return Probe(
        **{"path": path, "port": 9401, "period": 5, "timeout": 3, "failures": 2, "successes": 1, **told}
    )


def template(**told: object) -> Template:
    as_is = {
        "service": "api",
        "replicas": 2,
        "surge": 1,
        "unavailable": 0,
        "env": {"ONDOL_GRACE": "30s", "ONDOL_DRAIN_DELAY": "5s", "ONDOL_LISTEN": "0.0.0.0:50051"},
        "ports": {"grpc": 50051, "admin": 9401},
        "startup": probe("/livez", failures=12),
        "liveness": probe("/livez", period=10, failures=6),
        "readiness": probe("/readyz"),
        "pre_stop": 30,
        "grace": 75,
    }
    return Template(**{**as_is, **told})


class Process:
    """One that ends so long after SIGTERM, and at SIGKILL."""

    def __init__(self, stage: "Stage") -> None:
        self.stage, self.told, self.code = stage, None, None

    def poll(self) -> Optional[int]:
        if self.code is None and self.told is not None and self.stage.now - self.told >= self.stage.drain:
            self.code = 0
        return self.code

    def terminate(self) -> None:
        self.told = self.stage.now

    def kill(self) -> None:
        self.code = -9


class Stage:
    """The clock, and the machine."""

    def __init__(self) -> None:
        self.now = 0.0
        # How long a program needs until it answers each path, and until it ends.
        self.opens = {"/livez": 1.0, "/readyz": 6.0}
        self.drain = 3.0
        # Paths that nobody answers any more.
        self.silent: set[str] = set()
        self.count = 0
        self.buried: list[str] = []

    def launch(self, _pod: Pod) -> Process:
        return Process(self)

    def ask(self, pod: Pod, asked: Probe) -> "Future[bool]":
        answer: Future[bool] = Future()
        answer.set_result(asked.path not in self.silent and self.now - pod.begun >= self.opens[asked.path])
        return answer

    def figures(self, _pod: Pod) -> Figures:
        return Figures(7, 1)

    def bury(self, pod: Pod) -> None:
        self.buried.append(pod.name)

    def make(self, told: Template, revision: int) -> Pod:
        self.count += 1
        return Pod(f"api-{self.count}", f"127.1.0.{self.count}", revision, told, self)

    def pod(self, **told: object) -> Pod:
        pod = self.make(template(**told), 1)
        pod.start(self.now)
        return pod

    def run(self, one: "Union[Pod, Deployment]", seconds: float, each=lambda: None) -> None:
        end = self.now + seconds
        while self.now < end:
            one.tick(self.now)
            each()
            self.now += STEP
