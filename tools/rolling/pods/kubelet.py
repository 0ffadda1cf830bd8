"""Starts the pods of all services and rolls one service after the other, while it looks after all of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pods.chart import Template
from pods.deployment import Deployment
from pods.endpoints import Endpoints
from pods.machine import Machine
from pods.pod import End, Pod
from stand import say

# How often it looks.
STEP = 0.05
# A pod may have a model to load first, on a machine that has other things to do.
PATIENCE = 240

T = TypeVar("T")


class Kubelet:
    def __init__(self, templates: "dict[str, Template]", machine: Machine, endpoints: Endpoints) -> None:
        self.machine, self.endpoints = machine, endpoints
        self.helper = ThreadPoolExecutor(max_workers=1)
        self.count = 0
        self.began = time.monotonic()
        self.templates = templates
        self.deployments: dict[str, Deployment] = {}
        # What was said of the pods so far, for whoever looks for a cause.
        self.heard: set[tuple[str, str]] = set()

    def make(self, template: Template, revision: int) -> Pod:
        """Never an address twice, as in a cluster not soon."""
        self.count += 1
        # Of the block that is this machine itself, beside the addresses of what is no pod.
        address = f"127.1.{self.count // 250}.{self.count % 250 + 1}"
        return Pod(f"{template.service}-{self.count}", address, revision, template, self.machine)

    def tick(self) -> None:
        now = time.monotonic()
        for service, deployment in self.deployments.items():
            deployment.tick(now)
            self.endpoints.observe(service, deployment.addresses, now)
            for pod in deployment.pods:
                self.tell(pod.name, state(pod), pod.address)
        for end in self.ends():
            self.tell(end.pod, f"gone with {end.code}{' by SIGKILL' if end.killed else ''}", end.fault)

    def tell(self, pod: str, what: str, more: str) -> None:
        if (pod, what) not in self.heard:
            self.heard.add((pod, what))
            at = time.time()
            clock = f"{time.strftime('%H:%M:%S', time.gmtime(at))}.{int(at * 1000) % 1000:03}"
            with self.machine.stand.log("kubelet").open("a") as log:
                log.write(f"{clock} {pod} {what} {more}\n")

    def until(self, condition: "Callable[[], bool]", what: str, patience: float = PATIENCE) -> None:
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                raise SystemExit(f"{what}: not within {patience:.0f} s")
            self.tick()
            time.sleep(STEP)

    def during(self, work: "Callable[[], T]") -> "T":
        """Looks after the pods while something else is done, which takes its time."""
        done = self.helper.submit(work)
        self.until(done.done, "what goes on beside", float("inf"))
        return done.result()

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end, "a rest", seconds + PATIENCE)

    def start(self, service: str) -> None:
        """Returns when it is in service, and everybody knows."""
        self.deployments[service] = Deployment(self.templates[service], self.make)
        self.until(self.deployments[service].is_rolled, f"{service} is to start")
        self.wait(self.endpoints.delay + self.endpoints.ttl)

    def roll(self, service: str) -> None:
        """Returns when all its pods are new ones and in service; old ones may still be finishing."""
        deployment, begun = self.deployments[service], time.monotonic()
        deployment.roll()
        self.until(deployment.is_rolled, f"{service} is to be rolled")
        took = time.monotonic() - begun
        say(f"  {time.monotonic() - self.began:5.0f} s  {service} rolled in {took:.0f} s; {self.finishing()}")

    def finishing(self) -> str:
        return f"finishing: {', '.join(self.old()) or 'none'}"

    def until_finished(self) -> None:
        """Old pods have ended."""
        longest = max(one.template.grace for one in self.deployments.values())
        self.until(lambda: not self.old(), "old pods are to end", longest + PATIENCE)

    def old(self) -> "list[str]":
        return [pod.name for one in self.deployments.values() for pod in one.pods if pod.deleted is not None]

    def ends(self) -> "list[End]":
        return [end for one in self.deployments.values() for end in one.ends]


def state(pod: Pod) -> str:
    if pod.killed:
        return "SIGKILL"
    if pod.told is not None:
        return "SIGTERM"
    if pod.deleted is not None:
        return "deleted"
    return "ready" if pod.is_ready else "starting"
