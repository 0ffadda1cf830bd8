"""Who reaches whom, by the NetworkPolicies of the whole: each step has to be allowed by both ends."""

import ipaddress
import unittest
from typing import Any, NamedTuple, Optional

import charts


class Pod(NamedTuple):
    labels: dict[str, str]
    namespace: str = "ondol"
    address: Optional[str] = None


def peer(peers: Optional[list[dict[str, Any]]], pod: Pod) -> bool:
    """Whether a rule means this pod, or this address outside."""
    return peers is None or any(means(one, pod) for one in peers)


def means(one: dict[str, Any], pod: Pod) -> bool:
    if "ipBlock" in one:
        return pod.address is not None and inside(one["ipBlock"], ipaddress.ip_address(pod.address))
    if pod.address is not None:
        return False
    namespace = one.get("namespaceSelector")
    here = (
        pod.namespace == "ondol"
        if namespace is None
        else selected(namespace, {"kubernetes.io/metadata.name": pod.namespace})
    )
    return here and selected(one.get("podSelector", {}), pod.labels)


def inside(block: dict[str, Any], address: Any) -> bool:
    return address in ipaddress.ip_network(block["cidr"]) and not any(
        address in ipaddress.ip_network(part) for part in block.get("except", [])
    )


def selected(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items()


def allowed(policies: list[charts.Manifest], source: Pod, target: Pod, port: int) -> bool:
    ways = ((source, target, "egress", "to"), (target, source, "ingress", "from"))
    return all(open_to(policies, *way, port) for way in ways)


def open_to(
    policies: list[charts.Manifest], own: Pod, other: Pod, direction: str, word: str, port: int
) -> bool:
    mine = [
        p["spec"]
        for p in policies
        if own.namespace == "ondol" and selected(p["spec"]["podSelector"], own.labels)
    ]
    mine = [] if own.address else mine
    rules = [rule for policy in mine for rule in policy.get(direction) or []]
    fitting = any(
        peer(rule.get(word), other) and port in {p["port"] for p in rule["ports"]} for rule in rules
    )
    return not mine or fitting


class Whole(unittest.TestCase):
    """The umbrella, all of whose services are there."""

    def setUp(self) -> None:
        found = charts.rendered_cases()["ondol/try"]
        self.policies = [manifest for manifest in found if manifest["kind"] == "NetworkPolicy"]
        self.pods = {
            manifest["metadata"]["name"].removeprefix("ondol-"): Pod(
                manifest["spec"]["template"]["metadata"]["labels"]
            )
            for manifest in found
            if manifest["kind"] in ("Deployment", "StatefulSet")
        }
        self.pods["stranger"] = Pod({"app": "shop"})
        self.pods["elsewhere"] = Pod(
            {"app.kubernetes.io/name": "api", "app.kubernetes.io/part-of": "ondol"}, "shop"
        )
        self.pods["prometheus"] = Pod({}, "monitoring")
        self.pods["dns"] = Pod({"k8s-app": "kube-dns"}, "kube-system")
        self.pods["internet"] = Pod({}, "", "198.51.100.7")
        self.pods["metadata"] = Pod({}, "", "169.254.169.254")
        self.pods["database"] = Pod({}, "", "10.0.3.4")
        self.pods["credentials"] = Pod({}, "", "169.254.170.23")

    def reaches(self, source: str, target: str, port: int) -> bool:
        return allowed(self.policies, self.pods[source], self.pods[target], port)

    def test_the_way_of_a_call(self) -> None:
        ways = [
            ("stranger", "api", 50051),
            ("internet", "api", 50051),
            ("api", "llm-inference", 50052),
            ("api", "mcp", 50053),
            ("api", "redis", 6379),
            ("mcp", "redis", 6379),
            ("worker", "redis", 6379),
            ("worker", "llm-inference", 50052),
            ("worker", "mcp", 50053),
            ("mcp", "internet", 443),
            ("mcp", "credentials", 80),
        ]
        for way in ways:
            self.assertTrue(self.reaches(*way), way)

    def test_nobody_else(self) -> None:
        ways = [
            ("stranger", "llm-inference", 50052),
            ("stranger", "mcp", 50053),
            ("stranger", "redis", 6379),
            ("elsewhere", "llm-inference", 50052),
            ("mcp", "llm-inference", 50052),
            ("mcp", "api", 50051),
            ("worker", "api", 50051),
            ("llm-inference", "mcp", 50053),
            ("llm-inference", "redis", 6379),
            ("llm-inference", "internet", 443),
            ("api", "internet", 80),
            ("api", "llm-inference", 50053),
            ("mcp", "metadata", 80),
            ("mcp", "database", 443),
            ("redis", "internet", 443),
            ("internet", "worker", 9403),
        ]
        for way in ways:
            self.assertFalse(self.reaches(*way), way)

    def test_everybody_is_watched_and_looks_up_names(self) -> None:
        admin = {"api": 9401, "llm-inference": 9402, "worker": 9403, "mcp": 9404}
        for service, port in admin.items():
            self.assertTrue(self.reaches("prometheus", service, port), service)
            self.assertFalse(self.reaches("stranger", service, port), service)
            self.assertTrue(self.reaches(service, "dns", 53), service)


class Outside(unittest.TestCase):
    def test_load_balancers_ask_api_for_health_and_nobody_else_does(self) -> None:
        policies = [m for m in charts.rendered_cases()["api/eks"] if m["kind"] == "NetworkPolicy"]
        api = Pod(
            charts.workload(charts.rendered_cases()["api/eks"])["spec"]["template"]["metadata"]["labels"]
        )
        for address, may in (("10.0.7.8", True), ("198.51.100.7", False)):
            self.assertEqual(allowed(policies, Pod({}, "", address), api, 9401), may)

    def test_logs_and_traces_leave_where_somebody_takes_them(self) -> None:
        collector = Pod({}, "monitoring")
        for case, may in (("api/eks", True), ("api/minimal", False)):
            found = charts.rendered_cases()[case]
            policies = [manifest for manifest in found if manifest["kind"] == "NetworkPolicy"]
            api = Pod(charts.workload(found)["spec"]["template"]["metadata"]["labels"])
            for port in (3100, 4317):
                self.assertEqual(allowed(policies, api, collector, port), may, (case, port))

    def test_s3_is_reached_where_objects_are_there(self) -> None:
        found = charts.rendered_cases()["worker/minimal"]
        policies = [m for m in found if m["kind"] == "NetworkPolicy"]
        worker = Pod(charts.workload(found)["spec"]["template"]["metadata"]["labels"])
        self.assertTrue(allowed(policies, worker, Pod({}, "", "52.219.60.1"), 443))
        self.assertTrue(allowed(policies, worker, Pod({}, "", "169.254.170.23"), 80))
