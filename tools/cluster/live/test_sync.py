"""What Argo CD makes of the cluster: an environment as it is committed, what changes with a commit, and what
does not. The commits are those of a copy of the repository."""

import shutil
import time
import unittest
from typing import Any

from cluster import Failed
from live.served import digest, served
from stand import cluster

NAMESPACES = ("ondol", "monitoring")
WELL = ("Synced", "Healthy")
LONG = 300


def deployment(name: str) -> "dict[str, Any]":
    return cluster().get("deployment", name, "ondol")


def unlike(state: "tuple[str, ...]") -> "dict[str, Any]":
    """The applications that are in another state, in which, and what is said of it."""
    argocd = served().argocd
    found = {name: argocd.state(name) for name in argocd.applications()}
    return {
        name: (told, argocd.troubles(name))
        for name, told in found.items()
        if not told or told[: len(state)] != state
    }


def settle(*state: str, seconds: float = LONG) -> None:
    """Until every application is in that state; if not, which are not is in the message."""
    left: dict[str, Any] = {"": "nothing was asked"}

    def settled() -> bool:
        left.clear()
        left.update(unlike(state))
        return not left

    try:
        cluster().until(f"every application {state}", settled, seconds)
    except Failed as problem:
        raise AssertionError(f"{problem}\n{left}") from problem


class Local(unittest.TestCase):
    """Letters keep the order: each begins where the one before has ended."""

    @classmethod
    def setUpClass(cls) -> None:
        served().tell("local")
        served().follow()
        cls.wanted = set(served().expected("local"))
        cluster().until(
            "local's applications, and no others",
            lambda: set(served().argocd.applications()) == cls.wanted,
            120,
        )

    def test_a_all_of_it_runs(self) -> None:
        settle(*WELL)
        for name in self.wanted:
            self.assertEqual(served().argocd.troubles(name), "", name)
        for namespace, level in zip(NAMESPACES, ("restricted", "privileged")):
            labels = cluster().get("namespace", namespace)["metadata"]["labels"]
            self.assertEqual(labels["pod-security.kubernetes.io/enforce"], level)

    def test_b_a_commit_replaces_pods(self) -> None:
        text = f"image: {{repository: localhost/ondol/mcp, tag: next, digest: '{digest('b')}'}}\n"
        (served().folder / "local/mcp/images.yaml").write_text(text, encoding="utf-8")
        served().push("deploy: local runs another mcp")
        cluster().until("the digest", lambda: digest("b") in image("mcp"), 60)
        settle(*WELL, seconds=90)
        pods = cluster().items("pods", "ondol", "app.kubernetes.io/name=mcp")
        self.assertTrue(all(digest("b") in pod["spec"]["containers"][0]["image"] for pod in pods))

    def test_c_what_a_hand_changes_is_changed_back(self) -> None:
        cluster().kubectl("--namespace", "ondol", "scale", "deployment", "mcp", "--replicas", "3")
        cluster().until("one replica", lambda: deployment("mcp")["spec"]["replicas"] == 1, 60)

    def test_d_a_bad_value_is_told_and_changes_nothing(self) -> None:
        file = served().folder / "local/mcp/values.yaml"
        good, before = file.read_text("utf-8"), deployment("mcp")["spec"]
        file.write_text(f"{good}replicaz: 2\n", encoding="utf-8")
        served().push("deploy: a mistake")
        cluster().until("the reason", lambda: "replicaz" in served().argocd.troubles("local-mcp"), 60)
        self.assertEqual(deployment("mcp")["spec"], before)
        self.assertEqual(served().argocd.troubles("local-api"), "")
        file.write_text(good, encoding="utf-8")
        served().push("deploy: without the mistake")
        settle(*WELL, seconds=90)

    def test_e_a_release_whose_folder_is_gone_is_taken_away(self) -> None:
        shutil.rmtree(served().folder / "local/worker")
        served().push("deploy: local has no worker")
        cluster().until("no application", lambda: "local-worker" not in served().argocd.applications(), 90)
        self.assertNotIn("worker", names("deployments"))
        self.assertIn("mcp", names("deployments"))

    def test_f_an_environment_that_is_not_named_any_more_goes(self) -> None:
        cluster().kubectl("--namespace", "argocd", "delete", "applicationset", "ondol")
        cluster().until("no applications", lambda: not served().argocd.applications(), LONG)
        for namespace in NAMESPACES:
            self.assertEqual(names("deployments,statefulsets,daemonsets,services", namespace), set())


class Staging(unittest.TestCase):
    """With autoscalers, and with custom resources whose controllers are not here."""

    @classmethod
    def setUpClass(cls) -> None:
        served().follow()
        served().deliver("staging", "c")
        served().push("deploy: staging runs a commit")
        served().tell("staging")
        wanted = set(served().expected("staging"))
        cluster().until("the applications", lambda: set(served().argocd.applications()) == wanted, 120)

    @classmethod
    def tearDownClass(cls) -> None:
        cluster().kubectl("--namespace", "argocd", "delete", "applicationset", "ondol")
        cluster().until("no applications", lambda: not served().argocd.applications(), LONG)

    def test_a_everything_is_as_committed(self) -> None:
        settle("Synced")
        self.assertIn(digest("c"), image("mcp"))
        self.assertEqual(names("rollouts.argoproj.io"), {"api"})

    def test_b_what_an_autoscaler_chose_stays(self) -> None:
        settle("Synced")
        for kind, name in (("rollout.argoproj.io", "api"), ("deployment", "mcp")):
            cluster().kubectl("--namespace", "ondol", "scale", kind, name, "--replicas", "3")
        self.look_again("staging-api", "staging-mcp")
        for kind, name in (("rollout.argoproj.io", "api"), ("deployment", "mcp")):
            with self.subTest(name=name):
                self.assertEqual(cluster().get(kind, name, "ondol")["spec"]["replicas"], 3)
                self.assertEqual(served().argocd.state(f"staging-{name}")[0], "Synced")

    def test_c_what_argo_rollouts_adds_to_services_stays(self) -> None:
        """It narrows both Services down to one version's pods; without that, old and new ones mix."""
        settle("Synced")
        narrowed = '{"spec": {"selector": {"rollouts-pod-template-hash": "abc"}}}'
        for name in ("api", "api-preview"):
            words = ("patch", "service", name, "--type=merge", "--field-manager=rollouts-controller")
            cluster().kubectl("--namespace", "ondol", *words, "--patch", narrowed)
        self.look_again("staging-api")
        self.narrowed()
        served().deliver("staging", "d")
        served().push("deploy: staging runs another commit")
        cluster().until(
            "the digest", lambda: digest("d") in str(cluster().get("rollout", "api", "ondol")), 60
        )
        self.look_again("staging-api")
        self.narrowed()
        settle("Synced")

    def narrowed(self) -> None:
        for name in ("api", "api-preview"):
            with self.subTest(name=name):
                selector = cluster().get("service", name, "ondol")["spec"]["selector"]
                self.assertEqual(selector.get("rollouts-pod-template-hash"), "abc")

    def look_again(self, *applications: str) -> None:
        """Until each was compared once more."""
        seen = {name: reconciled(name) for name in applications}
        # It is told to the second: one that follows within the same could not be told from the one before.
        time.sleep(1)
        served().argocd.look()
        cluster().until(
            "another look", lambda: all(reconciled(name) > when for name, when in seen.items()), 60
        )


def reconciled(application: str) -> str:
    return served().argocd.applications()[application]["status"]["reconciledAt"]


def image(name: str) -> str:
    return deployment(name)["spec"]["template"]["spec"]["containers"][0]["image"]


def names(kinds: str, namespace: str = "ondol") -> "set[str]":
    return {one["metadata"]["name"] for one in cluster().items(kinds, namespace)}
