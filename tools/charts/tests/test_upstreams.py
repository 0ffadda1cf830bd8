"""What a pod is told to call, its own NetworkPolicy lets it call."""

import re
import unittest
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import charts
import deployed
from tests.test_environments import releases
from tests.test_network import Pod, open_to, policies_of

PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}
# Whose the hosts of a setting are.
WHOSE = {
    "ONDOL_LLM_INFERENCE_URL": "llm-inference",
    "ONDOL_MCP_URL": "mcp",
    "ONDOL_REDIS_URL": "redis",
    "ONDOL_ACCOUNTS_REDIS_URL": "redis",
    "ONDOL_OBJECTS_ENDPOINT": "objects",
    "ONDOL_OTLP_ENDPOINT": "alloy",
    "ONDOL_LOKI_URL": "loki",
    "routes.toml": "llm-inference",
}
# Where that is outside of the cluster: a cache of the cloud has addresses of its own subnets.
OUTSIDE = {"redis": "10.0.70.1"}


class Upstream(NamedTuple):
    whose: str
    host: str
    port: int

    def pod(self, home: str) -> Pod:
        first, *rest = self.host.split(".")
        labels = {"app.kubernetes.io/name": self.whose, "app.kubernetes.io/part-of": "ondol"}
        # A pod of a StatefulSet, as sentinel-0.redis, has its Service's name behind its own.
        if not rest or (len(rest) == 1 and re.search(r"-\d+$", first)):
            return Pod(labels, home)
        if len(rest) == 1 or rest[1] == "svc":
            return Pod(labels, rest[0])
        return Pod({}, "", OUTSIDE.get(self.whose, "52.219.60.1"))


def told(manifests: list[charts.Manifest], service: charts.Manifest) -> Iterator[Upstream]:
    """What is in the environment of a pod and in the file of routes that is mounted there."""
    spec = service["spec"]["template"]["spec"]
    texts = dict(charts.environment(spec["containers"][0]))
    maps = [volume["configMap"]["name"] for volume in spec.get("volumes", []) if "configMap" in volume]
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] in maps:
            texts.update(manifest["data"])
    for setting, whose in WHOSE.items():
        for url in re.findall(r"(?:https?|rediss?)://[^\s,\"]+", texts.get(setting, "")):
            parts = urlsplit(url)
            yield Upstream(whose, parts.hostname or "", parts.port or PORTS[parts.scheme])


def unreachable(manifests: list[charts.Manifest]) -> list[str]:
    found = []
    for service in (one for one in manifests if one["kind"] in ("Deployment", "Rollout")):
        own = Pod(service["spec"]["template"]["metadata"]["labels"], service["metadata"]["namespace"])
        for upstream in told(manifests, service):
            other = upstream.pod(own.namespace)
            if not open_to(policies_of(manifests), own, other, "egress", "to", upstream.port):
                found.append(f"{service['metadata']['name']} may not call {upstream}")
    return found


class Upstreams(unittest.TestCase):
    def test_of_every_values_file(self) -> None:
        for case, found in charts.rendered_cases().items():
            with self.subTest(case=case):
                self.assertEqual(unreachable(found), [])

    def test_of_every_environment(self) -> None:
        for environment, release in releases():
            with self.subTest(environment=environment, release=release.name):
                self.assertEqual(unreachable(deployed.rendered(environment, release)), [])

    def test_settings_are_found_and_hosts_understood(self) -> None:
        found = charts.rendered_cases()["api/releases"]
        hosts = {upstream.host: upstream for upstream in told(found, charts.workload(found))}
        self.assertEqual(hosts["llm-inference-smollm2.models"].pod("ondol").namespace, "models")
        self.assertEqual(hosts["llm-inference-blue"].pod("ondol").namespace, "ondol")
        self.assertEqual(hosts["mcp"], Upstream("mcp", "mcp", 50053))

    def test_another_namespace_is_opened_by_its_name_alone(self) -> None:
        for host, wanted in (
            ("llm.models", "models"),
            ("llm.models.svc", "models"),
            ("llm.models.svc.cluster.local", "models"),
            ("llm", None),
            ("llm.example.com", None),
            ("10.0.0.1", None),
        ):
            values = {**charts.cases()["api/minimal"], "llmInference": {"url": f"http://{host}:50052"}}
            policy = charts.named(charts.render("api", values), "NetworkPolicy")["spec"]
            (peer,) = next(rule["to"] for rule in policy["egress"] if rule["ports"][0]["port"] == 50052)
            labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
            with self.subTest(host=host):
                self.assertEqual(labels.get("kubernetes.io/metadata.name"), wanted)
                self.assertEqual(
                    peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], "llm-inference"
                )
