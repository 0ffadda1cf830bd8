"""The project holds applications to what is Ondol's: of repositories, namespaces, kinds and their names."""

import unittest
from typing import Any

import yaml

from live.served import served
from stand import cluster

# A chart that wants what the project does not give.
CHART = "apiVersion: v2\nname: strange\nversion: 0.1.0\n"
CLASS = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1}
QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"pods": "1"}}}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
# Of kinds that the project gives by name.
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace"}
RBAC = "rbac.authorization.k8s.io"
ROLE = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "rules": []}
BINDING = {
    "apiVersion": f"{RBAC}/v1",
    "kind": "ClusterRoleBinding",
    "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "ondol"}],
}
WANTED = [
    {**CLASS, "metadata": {"name": "strange"}},
    {**QUOTA, "metadata": {"name": "strange"}},
    {**CONFIG_MAP, "metadata": {"name": "strange", "namespace": "kube-system"}},
    *({**one, "metadata": {"name": "strange"}} for one in (NAMESPACE, ROLE, BINDING)),
]


class Project(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        served().tell("local")
        served().follow()
        cluster().until("the applications", lambda: "local-api" in served().argocd.applications(), 120)

    @classmethod
    def tearDownClass(cls) -> None:
        cluster().kubectl("--namespace", "argocd", "delete", "applicationset", "ondol")
        cluster().until("no applications", lambda: not served().argocd.applications(), 300)

    def asked(self, name: str, repository: str, revision: str, path: str, namespace: str) -> None:
        """Somebody makes an application of the project by hand."""
        source = {"repoURL": repository, "targetRevision": revision, "path": path}
        spec: dict[str, Any] = {
            "project": "ondol",
            "source": source,
            "destination": {"name": "in-cluster", "namespace": namespace},
            "syncPolicy": {"automated": {}},
        }
        api = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
        cluster().apply([{**api, "metadata": {"name": name, "namespace": "argocd"}, "spec": spec}])
        self.addCleanup(
            cluster().kubectl, "--namespace", "argocd", "delete", "applications.argoproj.io", name
        )

    def test_another_repository(self) -> None:
        self.asked("foreign", "https://example.com/other.git", "main", "helm/mcp", "ondol")
        wanted = "repo https://example.com/other.git is not permitted in project 'ondol'"
        cluster().until("the reason", lambda: wanted in served().argocd.troubles("foreign"), 60)

    def test_another_namespace(self) -> None:
        self.asked("elsewhere", served().repository.url, "main", "helm/mcp", "kube-system")
        wanted = "namespace 'kube-system' do not match any of the allowed destinations in project 'ondol'"
        cluster().until("the reason", lambda: wanted in served().argocd.troubles("elsewhere"), 60)

    def test_kinds_and_places_that_no_chart_of_ours_needs(self) -> None:
        chart = served().repository.work / "helm/strange"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text(CHART, encoding="utf-8")
        (chart / "templates/all.yaml").write_text(yaml.safe_dump_all(WANTED), encoding="utf-8")
        served().repository.commit("strange", branch="strange")
        self.asked("strange", served().repository.url, "strange", "helm/strange", "ondol")
        said = cluster().until("the answer", self.result, 90)
        for kind in sorted({one["kind"] for one in WANTED}):
            with self.subTest(kind=kind):
                self.assertIn("not permitted in project", said.get(kind, ""), said)

    def result(self) -> "dict[str, str]":
        """What became of each object that was to be synced."""
        state = served().argocd.applications()["strange"].get("status", {}).get("operationState", {})
        found = state.get("syncResult", {}).get("resources", [])
        return {one["kind"]: one.get("message", "") for one in found} if state.get("finishedAt") else {}
