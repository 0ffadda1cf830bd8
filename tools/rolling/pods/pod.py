"""One pod, from its start to its end, as a kubelet leads it.

What it does to the world (processes, questions to the admin port) it does through a `Machine`, and it is told
the time, so that a test needs neither.
"""

from concurrent.futures import Future
from typing import NamedTuple, Optional, Protocol

from pods.chart import Probe, Template
from pods.probe import Probing

# Whatever its preStop took, a container has so long from SIGTERM on.
LEAST = 2.0
NAMES = ("startup", "liveness", "readiness")


class Process(Protocol):
    def poll(self) -> "Optional[int]": ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Figures(NamedTuple):
    """What a pod has done, and was doing, when it was told to end."""

    served: int
    under_way: int


class Machine(Protocol):
    """What pods run on."""

    def launch(self, pod: "Pod") -> Process: ...
    def ask(self, pod: "Pod", probe: Probe) -> "Future[bool]": ...
    def figures(self, pod: "Pod") -> Figures: ...
    def bury(self, pod: "Pod") -> None: ...


class End(NamedTuple):
    """How a pod ended. Times are those of the clock that it was told."""

    pod: str
    service: str
    # From its start to its readiness, from there to its deletion; from that, and from SIGTERM, to its end.
    start: "Optional[float]"
    stay: float
    deleted: "Optional[float]"
    took: float
    drain: float
    code: int
    killed: bool
    figures: Figures
    # What no pod should do: end by itself, or answer no longer.
    fault: str


class Pod:
    def __init__(self, name: str, address: str, revision: int, template: Template, machine: Machine) -> None:
        self.name, self.address, self.revision = name, address, revision
        self.template, self.machine = template, machine
        self.started = self.is_ready = self.killed = False
        self.deleted: Optional[float] = None
        self.told: Optional[float] = None
        self.ready_after: Optional[float] = None
        self.figures = Figures(0, 0)
        self.fault = ""
        self.end: Optional[End] = None

    def start(self, now: float) -> None:
        self.begun = now
        self.process = self.machine.launch(self)
        self.probes = {name: Probing(getattr(self.template, name), now) for name in NAMES}
        self.answers: dict[str, Future] = {}

    @property
    def in_service(self) -> bool:
        """Whether endpoints have its address: not while it is being started, and not from its deletion on."""
        return self.is_ready and self.deleted is None

    def delete(self, now: float) -> None:
        if self.deleted is None:
            self.deleted = now

    def tick(self, now: float) -> None:
        if self.end is not None:
            return
        code = self.process.poll()
        if code is not None:
            self.ended(now, code)
        elif self.deleted is None:
            self.look_after(now)
        else:
            self.see_off(now)

    def see_off(self, now: float) -> None:
        """preStop, SIGTERM, SIGKILL. The grace began with the deletion."""
        told_at = self.deleted + self.template.pre_stop
        if self.told is None and now >= told_at:
            self.figures = self.machine.figures(self)
            self.process.terminate()
            self.told = now
        if self.told is not None and now >= max(self.deleted + self.template.grace, self.told + LEAST):
            self.killed = True
            self.process.kill()

    def look_after(self, now: float) -> None:
        for name in NAMES:
            answer = self.answers.get(name)
            if answer is not None and answer.done():
                del self.answers[name]
                self.judge(name, self.probes[name].answered(answer.result()), now)
        for name in self.asked():
            if self.probes[name].due(now):
                self.answers[name] = self.machine.ask(self, self.probes[name].told)

    def asked(self) -> "tuple[str, ...]":
        """The probes that count now: the others wait for the one of the start."""
        return ("liveness", "readiness") if self.started else ("startup",)

    def judge(self, name: str, verdict: "Optional[bool]", now: float) -> None:
        if verdict is None:
            return
        if name == "readiness":
            self.is_ready = verdict
            if verdict and self.ready_after is None:
                self.ready_after = now - self.begun
        elif verdict:
            self.started = True
        else:
            self.fault = f"its {name} probe failed {self.probes[name].told.failures} times"
            self.is_ready = False
            self.delete(now)

    def ended(self, now: float, code: int) -> None:
        deleted = now if self.deleted is None else self.deleted
        told = deleted if self.told is None else self.told
        fault = self.fault or ("" if self.told is not None else f"ended by itself with {code}")
        self.end = End(
            pod=self.name,
            service=self.template.service,
            start=self.ready_after,
            stay=0.0 if self.ready_after is None else deleted - self.begun - self.ready_after,
            deleted=self.deleted,
            took=now - deleted,
            drain=now - told,
            code=code,
            killed=self.killed,
            figures=self.figures,
            fault=fault,
        )
        self.is_ready = False
        self.machine.bury(self)
