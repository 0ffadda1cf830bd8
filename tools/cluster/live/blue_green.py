"""A release of api by blue-green: what is delivered to it, and how its Rollout, Services and analyses are."""

import json
from typing import Any, NamedTuple, Optional

import charts
from live.release import RESTRICTED, Release
from live.watched import HASH, Watched
from stand import cluster

PRE, POST = "PrePromotion", "PostPromotion"
KEYS = {"hashes": ["laptop:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]}
# As short as the chart and the rates of Prometheus allow.
PACE = {"initialDelay": "8s", "interval": "2s", "count": 3, "failureLimit": 1}
STAYS = 30


class Run(NamedTuple):
    """An analysis: its phase, and for each metric the phase and the values that were seen."""

    phase: str
    metrics: "dict[str, tuple[str, list[str]]]"


class BlueGreen:
    def __init__(self, namespace: str, prometheus: str, **values: Any) -> None:
        self.namespace = cluster().namespace(namespace, **RESTRICTED)
        self.release = Release("api", "api", self.namespace)
        self.values = {
            "keys": KEYS,
            "replicas": 2,
            "autoscaling": {"type": "none"},
            "rollout": {
                "enabled": True,
                "scaleDownDelaySeconds": STAYS,
                "analysis": {"prometheus": prometheus, **PACE},
            },
            **values,
        }
        self.active = Watched(namespace, "api")

    def values_with(self, trial: str) -> "tuple[str, str]":
        file = cluster().folder / f"{self.namespace}.json"
        file.write_text(json.dumps({**self.values, "podLabels": {"trial": trial}}), "utf-8")
        return "--values", str(file)

    def deliver(self, trial: str, *words: str) -> None:
        """A version whose pods have that label, as in a delivery: Helm is done before anybody has judged."""
        chart = str(charts.HELM / "api")
        self.release.helm("upgrade", "--install", "api", chart, *self.values_with(trial), *words)

    def apply(self, trial: str) -> None:
        """The same as Argo CD applies it: by the server, and whoever else has a field."""
        cluster().apply(self.release.manifests(*self.values_with(trial)))

    def installed(self, trial: str) -> str:
        """The first version, which nobody judges; its hash."""
        self.deliver(trial)
        cluster().until(f"{trial} serves", lambda: self.serves(trial) and self.phase() == "Healthy", 120)
        return self.hash_of(trial)

    def rollout(self) -> "dict[str, Any]":
        return cluster().get("rollout", "api", self.namespace)

    def phase(self) -> str:
        """Healthy, Progressing, Paused or Degraded, once the controller has seen what was applied last."""
        rollout = self.rollout()
        status = rollout.get("status", {})
        if status.get("observedGeneration") != str(rollout["metadata"]["generation"]):
            return ""
        return status.get("phase", "")

    def message(self) -> str:
        return self.rollout()["status"].get("message", "")

    def led(self, service: str = "api") -> str:
        """The hash of the version that a Service leads to; none where it is not led yet."""
        found = cluster().get("service", service, self.namespace)
        return found["spec"].get("selector", {}).get(HASH, "")

    def serves(self, trial: str) -> bool:
        return bool(self.hash_of(trial)) and self.led() == self.hash_of(trial)

    def previewed(self, trial: str) -> bool:
        return bool(self.hash_of(trial)) and self.led("api-preview") == self.hash_of(trial)

    def addresses(self, service: str) -> int:
        """How many ready pods are behind it."""
        mine = f"kubernetes.io/service-name={service}"
        slices = cluster().items("endpointslices", self.namespace, mine)
        found = [one for of in slices for one in of.get("endpoints") or []]
        return sum(bool(one["conditions"].get("ready")) for one in found)

    def replica_set(self, trial: str) -> "Optional[dict[str, Any]]":
        """The newest one of that trial."""
        found = cluster().items("replicasets", self.namespace, f"trial={trial}")
        return max(
            found,
            key=lambda one: int(one["metadata"]["annotations"]["rollout.argoproj.io/revision"]),
            default=None,
        )

    def hash_of(self, trial: str) -> str:
        found = self.replica_set(trial)
        return found["metadata"]["labels"][HASH] if found else ""

    def pods(self, trial: str) -> int:
        """Those that are ready."""
        found = self.replica_set(trial)
        return found.get("status", {}).get("readyReplicas", 0) if found else 0

    def analysis(self, trial: str, kind: str) -> "Optional[Run]":
        chosen = f"{HASH}={self.hash_of(trial)},rollout-type={kind}"
        found = cluster().items("analysisruns", self.namespace, chosen)
        if not found:
            return None
        status = max(found, key=lambda one: one["metadata"]["creationTimestamp"]).get("status", {})
        return Run(
            status.get("phase", ""), {one["name"]: measured(one) for one in status.get("metricResults", [])}
        )


def measured(result: "dict[str, Any]") -> "tuple[str, list[str]]":
    return result["phase"], [one.get("value", "") for one in result.get("measurements", [])]
