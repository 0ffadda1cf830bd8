"""The guide's commands, run as they are written against a real API server: all that a page marks as needing
one, and what stands between them. Blocks that need an account, or nodes that run containers, are left out;
that nothing else is left out is tested in tools/eks."""

import json
import time
import unittest
from typing import Callable

from cluster import Cluster
from deployed import IMAGES
from gitops import ArgoCd
from live.reader import Reader, guide
from live.secrets_operator import Operator

DIGEST = f"sha256:{'a' * 64}"


class Followed(unittest.TestCase):
    """Each page by somebody with a cluster of their own."""

    def setUp(self) -> None:
        self.cluster = Cluster()
        self.addCleanup(self.cluster.stop)
        self.cluster.start()

    def follow(self, reader: Reader, page: str, before: "dict[str, Callable[[], None]]") -> int:
        """Does what the page says; `before` is what happens elsewhere, by what the next block then says."""
        ran = 0
        left = dict(before)
        for block in guide.shell(page):
            for word in [word for word in left if word in block.text]:
                left.pop(word)()
            if block.mark in (guide.AWS, guide.NODES):
                reader.export(block)
            elif block.mark or page in guide.PAGES:
                reader.follow(block)
                ran += 1
        self.assertEqual(left, {}, f"{page} has no such block")
        return ran

    def test_charts(self) -> None:
        reader = Reader(self.cluster, "charts")
        for name in ("qwen", "smollm2"):
            (reader.root / f"{name}.yaml").write_text("models: {pvc: {claim: models}}\n", encoding="utf-8")
        reader.run("export DISCORD_WEBHOOK=https://discord.com/api/webhooks/1/2")
        anew = {"helm install ondol": lambda: self.gone(reader, "ondol")}
        self.assertGreater(self.follow(reader, "charts.md", {"port-forward": self.services, **anew}), 4)
        made = self.names("deployments", "ondol")
        self.assertEqual({f"ondol-{one}" for one in ("api", "mcp", "worker", "llm-inference")}, made)
        self.assertEqual(
            self.cluster.kubectl("get", "pod", "fill", "--namespace", "ondol", "--ignore-not-found"), ""
        )

    def services(self) -> None:
        """Routes of the page lead to Services that its commands have made, and Grafana is there."""
        (routes,) = [
            one for one in guide.blocks("charts.md") if one.language == "yaml" and "routes:" in one.text
        ]
        services = self.names("services", "ondol")
        for name in ("llm-inference", "mcp", "api", "llm-inference-qwen", "llm-inference-smollm2"):
            self.assertIn(name, services)
        self.assertIn("http://llm-inference-qwen:50052", routes.text)
        self.assertIn("grafana", self.names("services", "monitoring"))

    def gone(self, reader: Reader, namespace: str) -> None:
        """Whoever tries the umbrella has not installed its parts before."""
        reader.run(f"kubectl delete namespace {namespace} --wait")

    def test_delivery(self) -> None:
        reader = Reader(self.cluster, "delivery")
        ArgoCd(self.cluster).install()
        self.assertEqual(self.follow(reader, "delivery.md", {}), 1)
        self.assertEqual(self.names("applicationsets", "argocd"), {"ondol"})
        self.assertEqual(self.names("appprojects", "argocd"), {"ondol"})

    def test_eks(self) -> None:
        reader = Reader(self.cluster, "eks")
        operator = Operator(self.cluster)
        self.addCleanup(operator.stop)
        operator.start()
        # A cluster on EKS has no such classes before the guide makes one.
        self.cluster.kubectl("delete", "storageclass", "--all")
        published = {"for release in": lambda: self.publish(reader)}
        self.assertGreater(self.follow(reader, "eks.md", published), 5)
        self.everything_is_there()
        meanwhile = {
            # kubectl refuses to restart what was restarted within the same second.
            "renew.py ondol/redis": lambda: time.sleep(1.1),
            "--for delete ingress": lambda: self.taken_away(reader),
        }
        self.assertGreater(self.follow(reader, "eks-operating.md", meanwhile), 5)
        self.assertEqual(self.names("applicationsets", "argocd"), set())
        keys = json.loads((reader.root / "api-keys.json").read_text("utf-8"))["keys.toml"]
        self.assertEqual(keys.count("[[keys]]"), 2)
        self.assertEqual(self.names("rollouts", "ondol"), set(), "Argo CD's part was not played")

    def publish(self, reader: Reader) -> None:
        """What CI and a promotion write, of a commit that looks like a number."""
        reader.run(
            f"mkdir digests\nfor image in {' '.join(IMAGES)}; do\n"
            f"echo {DIGEST} > digests/$image.digest\ndone\n"
            "python3 tools/delivery/delivery.py take prod --registry registry.example.com/ondol \\\n"
            "  --tag 123456789012 --digests digests"
        )

    def everything_is_there(self) -> None:
        """What the table of step 3 lists, and Ondol with what watches it."""
        self.assertLessEqual({"argo-rollouts"}, self.names("deployments", "argo-rollouts"))
        self.assertLessEqual({"argocd-repo-server", "argocd-server"}, self.names("deployments", "argocd"))
        self.assertLessEqual({"cluster-autoscaler"}, self.names("deployments", "kube-system"))
        self.assertEqual(self.names("rollouts", "ondol"), {"api"})
        self.assertEqual(self.names("deployments", "ondol"), {"llm-small", "llm-large", "mcp", "worker"})
        self.assertIn("prometheus", self.names("statefulsets", "monitoring"))
        for release in ("mcp", "worker", "llm-small"):
            self.cluster.kubectl(
                "--namespace", "ondol", "rollout", "status", f"deployment/{release}", "--timeout=120s"
            )

    def taken_away(self, reader: Reader) -> None:
        """What Argo CD deletes when its applications are."""
        self.rotated()
        reader.run("helm uninstall --namespace ondol api mcp worker llm-small llm-large --wait")

    def rotated(self) -> None:
        """The commands for new keys and passwords have reached what they name."""
        for namespace, name in (("ondol", "api-keys"), ("ondol", "redis"), ("monitoring", "redis")):
            notes = self.cluster.get("externalsecret", name, namespace)["metadata"]["annotations"]
            self.assertIn("force-sync", notes)
        self.assertIn("restartAt", self.cluster.get("rollout", "api", "ondol")["spec"])
        for name, namespace in (("mcp", "ondol"), ("worker", "ondol"), ("redis-exporter", "monitoring")):
            template = self.cluster.get("deployment", name, namespace)["spec"]["template"]
            self.assertIn("kubectl.kubernetes.io/restartedAt", template["metadata"]["annotations"])

    def names(self, kind: str, namespace: str) -> "set[str]":
        return {one["metadata"]["name"] for one in self.cluster.items(kind, namespace)}
