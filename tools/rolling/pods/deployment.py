"""The pods of a service, replaced as a Deployment does it: no more and no fewer than its chart allows."""

from collections.abc import Callable

from pods.chart import Template
from pods.pod import End, Pod


class Deployment:
    def __init__(self, template: Template, make: "Callable[[Template, int], Pod]") -> None:
        self.template, self.make = template, make
        self.revision = 1
        self.pods: list[Pod] = []
        self.ends: list[End] = []

    def roll(self) -> None:
        """From now on all pods are to be new ones."""
        self.revision += 1

    @property
    def live(self) -> "list[Pod]":
        """Those that are not on their way out; a Deployment does not count the others."""
        return [pod for pod in self.pods if pod.deleted is None]

    def is_rolled(self) -> bool:
        """What `kubectl rollout status` waits for: old pods may still be finishing."""
        pods = self.live
        return len(pods) == self.template.replicas and all(
            pod.is_ready and pod.revision == self.revision for pod in pods
        )

    @property
    def addresses(self) -> "list[str]":
        return [pod.address for pod in self.pods if pod.in_service]

    def tick(self, now: float) -> None:
        for pod in self.pods:
            pod.tick(now)
        self.ends += [pod.end for pod in self.pods if pod.end is not None]
        self.pods = [pod for pod in self.pods if pod.end is None]
        self.replace(now)

    def replace(self, now: float) -> None:
        replicas, live = self.template.replicas, self.live
        new = [pod for pod in live if pod.revision == self.revision]
        old = [pod for pod in live if pod.revision != self.revision]
        room = replicas + self.template.surge - len(live)
        for _ in range(min(room, replicas - len(new))):
            pod = self.make(self.template, self.revision)
            pod.start(now)
            self.pods.append(pod)
        self.remove(old, len([pod for pod in live if pod.is_ready]), now)

    def remove(self, old: "list[Pod]", ready: int, now: float) -> None:
        """Those that are not ready first: nobody misses them."""
        spare = ready - (self.template.replicas - self.template.unavailable)
        for pod in sorted(old, key=lambda pod: pod.is_ready):
            if pod.is_ready:
                if spare <= 0:
                    return
                spare -= 1
            pod.delete(now)
