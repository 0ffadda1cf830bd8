"""Every chart with each of its values files: what the server says to it; and by Helm to install, to upgrade,
to go back and to uninstall."""

import json
import unittest
from typing import Any

import charts
from live.release import ALWAYS, PRIVILEGED, RESTRICTED, Release, account, claim, present, values_of
from stand import cluster

# What is changed by an upgrade, by the chart: a number that the server then has in pods' templates.
GRACE = {"ondol": "api.drain.graceSeconds"}
# Charts with pods that only privileged namespaces admit, and how they are sent to another one.
AGENTS = {"observability": "nodeAgents.namespace"}


class Case:
    """One values file, in its own namespace and, where there are agents of nodes, one more."""

    def __init__(self, case: str) -> None:
        self.chart, file = case.split("/")
        self.home = f"install-{self.chart}-{file}"
        self.release = Release(self.chart, self.chart, self.home)
        self.words = values_of(case)
        self.values = charts.cases()[case]
        mixed = self.chart == "ondol" and self.values.get("services", {}).get("observability")
        cluster().namespace(self.home, **(PRIVILEGED if mixed else RESTRICTED))
        if self.chart in AGENTS:
            cluster().namespace(self.release.agents, **PRIVILEGED)
            watched = cluster().namespace(f"{self.home}-watched")
            self.words += ["--set", f"{AGENTS[self.chart]}={self.release.agents}"]
            self.words += ["--set-json", f'namespaces=["{watched}"]']
        self.before(file)

    def before(self, file: str) -> None:
        """What the values name, and the operator has made."""
        named = {
            "api/tls": [account("ondol"), claim("ondol-objects")],
            "llm-inference/pvc": [claim("models")],
        }
        for manifest in named.get(f"{self.chart}/{file}", []):
            manifest["metadata"]["namespace"] = self.home
            cluster().apply([manifest])
        self.there = present(self.home)


class Installs(unittest.TestCase):
    """A test for each values file is made below."""

    def walk(self, case: str) -> None:
        of = Case(case)
        self.validated(of)
        of.release.install(*of.words)
        self.holds(of, 1)
        changed = of.words + self.change(of)
        of.release.upgrade(*changed)
        after = self.holds(of, 2)
        self.assertNotEqual(self.first, after, "the upgrade has changed nothing")
        of.release.rollback(1)
        self.assertEqual(self.first, self.holds(of, 3), "going back has not brought back what was there")
        of.release.uninstall()
        self.gone(of)

    def validated(self, of: Case) -> None:
        """The server would take all of it, knows every field, and warns of nothing."""
        sent = json.dumps({"apiVersion": "v1", "kind": "List", "items": of.release.manifests(*of.words)})
        strict = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")
        cluster().kubectl("apply", *strict, "--filename", "-", input=sent)

    def change(self, of: Case) -> "list[str]":
        if of.chart == "observability":
            return ["--set", "prometheus.retention.time=20d"]
        return ["--set", f"{GRACE.get(of.chart, 'drain.graceSeconds')}=41"]

    def holds(self, of: Case, revision: int) -> Any:
        """Helm's revision; every workload with all its pods; returns what an upgrade changes in them."""
        self.assertEqual((revision, "deployed"), of.release.status())
        cluster().until(f"pods of {of.home}", lambda: not of.release.unready(), 90)
        found = of.release.workloads() + cluster().items("rollouts", of.home)
        self.assertTrue(found, "nothing runs")
        told = sorted((one["metadata"]["name"], *changing(one["spec"]["template"])) for one in found)
        if revision == 1:
            self.first = told
        return told

    def gone(self, of: Case) -> None:
        """All but the volumes of StatefulSets, which nobody deletes but their owner."""
        kept = ("persistentvolumeclaim/",)

        def left() -> "list[str]":
            return [one for one in present(of.home) - of.there - ALWAYS if not one.startswith(kept)]

        cluster().until(f"nothing of {of.release.name} is left in {of.home}", lambda: not left(), 60)
        mine = f"app.kubernetes.io/instance={of.release.name}"
        wide = cluster().items("clusterroles,clusterrolebindings", selector=mine)
        self.assertEqual([], [one["metadata"]["name"] for one in wide])


def changing(template: "dict[str, Any]") -> "tuple[int, str]":
    """The time that pods have to end, and the checksum of their files."""
    annotations = template["metadata"].get("annotations", {})
    return template["spec"]["terminationGracePeriodSeconds"], annotations.get("checksum/config", "")


def add(case: str) -> None:
    def test(self: Installs) -> None:
        self.walk(case)

    setattr(Installs, f"test_{case.replace('/', '_').replace('-', '_')}", test)


for known in charts.cases():
    add(known)
