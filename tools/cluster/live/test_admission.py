"""What is refused and what is admitted: pods by the security standard, evictions by the disruption budget."""

import copy
import json
import unittest

import charts
import nodes
from cluster import Failed
from live.release import RESTRICTED, Release, values_of
from stand import cluster

# What looks at nodes, and says so in docs/charts.md.
AGENTS = {"node-exporter", "alloy", "dcgm-exporter"}
PREVENTED = "Cannot evict pod as it would violate the pod's disruption budget"


class Restricted(unittest.TestCase):
    """Pods as the templates have them, made one by one and not kept: of Rollouts and of analyses as well."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.home = cluster().namespace("admission-restricted", **RESTRICTED)

    def test_every_pod_of_the_services_is_admitted(self) -> None:
        seen = 0
        for case, manifests in charts.rendered_cases().items():
            if case.split("/")[0] not in charts.SERVICES:
                continue
            for label, template in charts.pods(manifests):
                with self.subTest(case=case, of=label):
                    self.ask(template)
                    seen += 1
        self.assertGreater(seen, len(charts.SERVICES))

    def test_of_those_that_watch_only_agents_of_nodes_are_refused(self) -> None:
        refused = set()
        for _, template in charts.pods(charts.render("observability", namespace=self.home)):
            try:
                self.ask(template)
            except Failed as problem:
                self.assertIn('violates PodSecurity "restricted', str(problem))
                refused.add(template["metadata"]["labels"]["app.kubernetes.io/name"])
        self.assertEqual(AGENTS, refused)

    def test_a_pod_with_one_right_too_many_is_refused(self) -> None:
        """Else the tests above would say nothing."""
        good = charts.workload(charts.rendered_cases()["api/minimal"])["spec"]["template"]
        for place, word in (("runAsNonRoot", "runAsNonRoot != true"), ("seccompProfile", "seccompProfile")):
            bad = copy.deepcopy(good)
            del bad["spec"]["securityContext"][place]
            with self.subTest(without=place), self.assertRaisesRegex(Failed, word):
                self.ask(bad)

    def ask(self, template: "charts.Manifest") -> None:
        spec = {**template["spec"], "serviceAccountName": "default"}
        # Jobs say it in the template, and everything else by the default.
        metadata = {"name": "asked", "labels": template["metadata"]["labels"], "namespace": self.home}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        strict = ("--dry-run=server", "--validate=strict")
        cluster().kubectl("create", *strict, "--filename", "-", input=json.dumps(pod))


class Budgets(unittest.TestCase):
    """The node that pods are evicted from is theirs alone and takes no new ones: what goes stays away."""

    @classmethod
    def setUpClass(cls) -> None:
        taint = {"key": "ondol/test", "value": "budgets", "effect": "NoSchedule"}
        room = {"cpu": "64", "memory": "256Gi"}
        cluster().apply([nodes.node("budgets", "a", "budgets", room, taint)])
        cls.addClassCleanup(cluster().kubectl, "delete", "node", "budgets")
        cluster().kubectl("wait", "--for=condition=Ready", "node/budgets", "--timeout=60s")

    def test_one_pod_may_go_and_a_second_one_may_not(self) -> None:
        for case in ("api/minimal", "llm-inference/image", "mcp/minimal", "worker/minimal"):
            with self.subTest(case=case):
                self.evict_two(case)

    def evict_two(self, case: str) -> None:
        chart = case.split("/")[0]
        release = Release(chart, chart, cluster().namespace(f"budget-{chart}", **RESTRICTED))
        here = [
            "--set",
            "nodeSelector.ondol/pool=budgets",
            "--set-json",
            'tolerations=[{"key":"ondol/test","operator":"Exists"}]',
        ]
        several = ["--set", "replicas=3", "--set", "autoscaling.type=none"]
        cluster().kubectl("uncordon", "budgets")
        release.install(*values_of(case), *here, *several)
        cluster().until(f"pods of {chart}", lambda: not release.unready(), 60)
        allowed = f"one pod of {chart} may be away"
        cluster().until(allowed, lambda: self.budget(release)["status"]["disruptionsAllowed"] == 1, 30)
        cluster().kubectl("cordon", "budgets")
        first, second, _ = sorted(
            pod["metadata"]["name"] for pod in cluster().items("pods", release.namespace)
        )
        self.evict(release, first)
        with self.assertRaisesRegex(Failed, PREVENTED):
            self.evict(release, second)
        cluster().kubectl("uncordon", "budgets")
        # With the pod that takes its place the next one may go.
        cluster().until(
            allowed + " again", lambda: self.budget(release)["status"]["disruptionsAllowed"] == 1, 60
        )
        self.evict(release, second)

    def budget(self, release: Release) -> "charts.Manifest":
        (only,) = cluster().items("poddisruptionbudgets", release.namespace)
        return only

    def evict(self, release: Release, pod: str) -> None:
        where = {"name": pod, "namespace": release.namespace}
        asked = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": where}
        path = f"/api/v1/namespaces/{release.namespace}/pods/{pod}/eviction"
        cluster().kubectl("create", "--raw", path, "--filename", "-", input=json.dumps(asked))
