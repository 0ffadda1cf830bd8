"""A release of one of our charts, in a namespace of its own, and what its operator has there before."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import yaml

import charts
from stand import cluster

RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}
PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}
# The way of Helm 3, which waits for what it knows. Helm 4's own reads the state of every object, and never
# finds a Rollout done that has one: wherever Argo Rollouts runs, which some of these tests start.
WAIT = ("--wait=legacy", "--timeout", "120s")
# The server's version. Helm asks nobody when it only renders, and would take its own library's.
KUBERNETES = "1.36.3"
# In every namespace, whoever is in it; and what comes and goes beside other objects.
ALWAYS = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
PASSING = ("event", "endpoint", ".metrics.k8s.io")


class Release(NamedTuple):
    chart: str
    name: str
    namespace: str

    def install(self, *words: str) -> None:
        self.helm("install", self.name, str(charts.HELM / self.chart), *words, *WAIT)

    def upgrade(self, *words: str) -> None:
        self.helm("upgrade", self.name, str(charts.HELM / self.chart), *words, *WAIT)

    def rollback(self, revision: int) -> None:
        self.helm("rollback", self.name, str(revision), *WAIT)

    def uninstall(self) -> None:
        self.helm("uninstall", self.name, *WAIT)

    def helm(self, *words: str) -> str:
        return cluster().helm(*words, "--namespace", self.namespace)

    def status(self) -> "tuple[int, str]":
        """The revision, and what Helm says of it."""
        last = json.loads(self.helm("history", self.name, "--max", "1", "--output", "json"))[-1]
        return last["revision"], last["status"]

    def manifests(self, *words: str) -> "list[charts.Manifest]":
        """As they would be sent."""
        return rendered(charts.HELM / self.chart, self.name, self.namespace, *words)

    def workloads(self) -> "list[charts.Manifest]":
        """The server's Deployments, StatefulSets and DaemonSets of this release."""
        mine = f"app.kubernetes.io/instance={self.name}"
        found = cluster().items("deployments,statefulsets,daemonsets", selector=mine)
        return [one for one in found if one["metadata"]["namespace"] in (self.namespace, self.agents)]

    @property
    def agents(self) -> str:
        """The namespace for pods that a restricted one does not admit."""
        return f"{self.namespace}-nodes"

    def unready(self) -> "list[str]":
        """Workloads that lack pods: those of the newest template, and Ready."""
        return [one["metadata"]["name"] for one in self.workloads() if not settled(one)]


def rendered(chart: Path, name: str, namespace: str, *words: str) -> "list[charts.Manifest]":
    """By Helm itself."""
    where = ("--namespace", namespace, "--kube-version", KUBERNETES)
    text = cluster().helm("template", name, str(chart), *where, *words)
    return [document for document in yaml.load_all(text, charts.Loader) if document]


def settled(workload: "charts.Manifest") -> bool:
    spec, status = workload["spec"], workload.get("status", {})
    if status.get("observedGeneration") != workload["metadata"]["generation"]:
        return False
    if workload["kind"] == "DaemonSet":
        wanted = status["desiredNumberScheduled"]
        return status.get("numberReady", 0) == wanted == status.get("updatedNumberScheduled", 0)
    wanted = spec["replicas"]
    return status.get("readyReplicas", 0) == wanted == status.get("updatedReplicas", 0) == status["replicas"]


def values_of(case: str) -> "list[str]":
    chart, name = case.split("/")
    return ["--values", str(Path(charts.HELM) / chart / "ci" / f"{name}.yaml")]


def claim(name: str) -> "dict[str, Any]":
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def account(name: str) -> "dict[str, Any]":
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def present(namespace: str) -> "set[str]":
    """Everything in a namespace that somebody would have to delete."""
    kinds = cluster().kubectl("api-resources", "--namespaced", "--verbs=list,delete", "--output=name").split()
    wanted = ",".join(kind for kind in kinds if not any(word in kind for word in PASSING))
    return set(cluster().kubectl("get", wanted, "--namespace", namespace, "--output=name").split())
