"""Names as Kubernetes makes them of the charts' ones, and what looks for pods by them."""

import re
import unittest

import charts

# What Kubernetes keeps of a name before it puts five letters behind it.
KEPT = 58
HASHES = ("5d59d67564", "7c9f8b6d4", "66b6c48dd5", "9d8f7c")


def pod_names(workload: str) -> list[str]:
    return [f"{workload}-{hash}-"[:KEPT] + "x7k2p" for hash in HASHES]


class Names(unittest.TestCase):
    def test_keda_finds_the_load_of_every_release_and_of_no_other(self) -> None:
        values = charts.cases()["llm-inference/gpu"]
        for name in ("llm-inference", "llm-inference-qwen", *("m" * length for length in range(44, 51))):
            found = charts.render("llm-inference", {**values, "fullnameOverride": name})
            query = charts.named(found, "ScaledObject")["spec"]["triggers"][0]["metadata"]["query"]
            pattern = re.search('pod=~"([^"]*)"', query)[1]
            for pod in pod_names(name):
                self.assertRegex(pod, f"^{pattern}$")
            for pod in pod_names(f"{name[:34]}-qwen3-8b"):
                self.assertNotRegex(pod, f"^{pattern}$")

    def test_everything_has_a_name_that_kubernetes_takes(self) -> None:
        for case in ("api/gateway", "llm-inference/gpu", "mcp/eks", "worker/keda"):
            values = {**charts.cases()[case], "fullnameOverride": "n" * 50}
            for manifest in charts.render(case.split("/")[0], values, "r" * 53):
                with self.subTest(case=case, kind=manifest["kind"]):
                    self.assertLessEqual(len(manifest["metadata"]["name"]), 63)
