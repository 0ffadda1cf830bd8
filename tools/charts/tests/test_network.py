"""Who reaches whom, by the NetworkPolicies of the whole: each step has to be allowed by both ends."""

import ipaddress
import itertools
import unittest
from typing import Any, NamedTuple, Optional

import charts
import deployed
from tests.test_environments import releases

# An address of each range that is inside: of a network, of a provider's, of the machine itself.
INSIDE = ("10.0.3.4", "100.64.0.1", "169.254.169.254", "172.31.0.2", "192.168.1.1")


class Pod(NamedTuple):
    labels: dict[str, str]
    namespace: str = "ondol"
    address: Optional[str] = None


def peer(peers: Optional[list[dict[str, Any]]], pod: Pod, home: str) -> bool:
    """Whether a rule of a policy in this namespace means this pod, or this address outside."""
    return peers is None or any(means(one, pod, home) for one in peers)


def means(one: dict[str, Any], pod: Pod, home: str) -> bool:
    if "ipBlock" in one:
        return pod.address is not None and inside(one["ipBlock"], ipaddress.ip_address(pod.address))
    if pod.address is not None:
        return False
    namespace = one.get("namespaceSelector")
    here = (
        pod.namespace == home
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
        if p["metadata"]["namespace"] == own.namespace and selected(p["spec"]["podSelector"], own.labels)
    ]
    mine = [] if own.address else mine
    rules = [rule for policy in mine for rule in policy.get(direction) or []]
    fitting = any(
        peer(rule.get(word), other, own.namespace) and port in {p["port"] for p in rule["ports"]}
        for rule in rules
    )
    return not mine or fitting


def pods_of(found: list[charts.Manifest]) -> dict[str, Pod]:
    """Those of a release, by the names of what keeps them running."""
    return {
        manifest["metadata"]["name"].removeprefix("ondol-"): Pod(
            manifest["spec"]["template"]["metadata"]["labels"], manifest["metadata"]["namespace"]
        )
        for manifest in found
        if manifest["kind"] in ("Deployment", "StatefulSet", "DaemonSet")
    }


def policies_of(found: list[charts.Manifest]) -> list[charts.Manifest]:
    return [manifest for manifest in found if manifest["kind"] == "NetworkPolicy"]


class Whole(unittest.TestCase):
    """The umbrella, all of whose services are there."""

    def setUp(self) -> None:
        found = charts.rendered_cases()["ondol/try"]
        self.policies, self.pods = policies_of(found), pods_of(found)
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

    def test_load_balancers_may_call_where_callers_are_named(self) -> None:
        """gRPC's health is asked for at the port that callers use: without it no target would be healthy."""
        values = charts.cases()["api/eks"]
        callers = [{"podSelector": {"matchLabels": {"app": "shop"}}}]
        values = {**values, "networkPolicy": {**values["networkPolicy"], "callers": callers}}
        found = charts.render("api", values)
        api = Pod(charts.workload(found)["spec"]["template"]["metadata"]["labels"])
        for caller, may in (
            (Pod({"app": "shop"}), True),
            (Pod({}, "", "10.0.7.8"), True),
            (Pod({"app": "other"}), False),
            (Pod({}, "", "198.51.100.7"), False),
        ):
            self.assertEqual(allowed(policies_of(found), caller, api, 50051), may, caller)

    def test_an_empty_list_opens_nothing(self) -> None:
        """Kubernetes reads an empty list as everybody, and whoever empties one means nobody."""
        for case in ("api/eks", "llm-inference/gpu", "mcp/eks", "worker/minimal"):
            values = charts.cases()[case]
            name = case.split("/")[0]
            lists = "dns", "monitoring", "redis", "objects", "issuers"
            known = [
                part for part in lists if f"  {part}:\n" in (charts.HELM / name / "values.yaml").read_text()
            ]
            policy = {**values.get("networkPolicy", {}), **{part: [] for part in known}}
            found = charts.render(name, {**values, "networkPolicy": policy})
            spec = charts.named(found, "NetworkPolicy")["spec"]
            with self.subTest(case=case):
                self.assertEqual([rule for rule in spec["egress"] if not rule.get("to")], [])
                open_ports = {
                    port["port"] for rule in spec["ingress"] if not rule.get("from") for port in rule["ports"]
                }
                self.assertEqual(open_ports, {50051} if name == "api" else set())

    def test_keda_reaches_the_redis_that_it_looks_at(self) -> None:
        values = charts.cases()["ondol/try"]
        for kind, may in (("keda", True), ("none", False)):
            found = charts.render("ondol", {**values, "worker": {"autoscaling": {"type": kind}}})
            redis = pods_of(found)["redis"]
            self.assertEqual(allowed(policies_of(found), Pod({}, "keda"), redis, 6379), may)

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


class Inside(unittest.TestCase):
    """Rules add up: one to every address opens what the one beside it excepts."""

    def test_what_mcp_is_told_to_reach_leaves_out_what_is_inside(self) -> None:
        found = {
            case: of for case, of in charts.rendered_cases().items() if case.startswith(("mcp/", "ondol/"))
        }
        for environment, release in releases():
            if release.chart == "mcp":
                found[f"{environment}/{release.name}"] = deployed.rendered(environment, release)
        self.assertGreater(len(found), 5)
        for case, manifests in found.items():
            policies = [
                p
                for p in policies_of(manifests)
                if p["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "mcp"
            ]
            blocks = [
                peer["ipBlock"]
                for policy in policies
                for rule in policy["spec"]["egress"]
                for peer in rule.get("to", [])
                if peer.get("ipBlock", {}).get("cidr", "").endswith("/0")
            ]
            with self.subTest(case=case):
                self.assertEqual(bool(blocks), bool(policies))
                for block, address in itertools.product(blocks, INSIDE):
                    self.assertFalse(inside(block, ipaddress.ip_address(address)), (block, address))

    def test_s3_is_not_looked_for_inside(self) -> None:
        for case in ("api/eks", "llm-inference/gpu", "mcp/eks", "worker/minimal"):
            # Issuers of tokens may be inside.
            others = {"identities": ""} if case == "api/eks" else {}
            found = charts.render(case.split("/")[0], {**charts.cases()[case], **others})
            policies = policies_of(found)
            pod = Pod(charts.workload(found)["spec"]["template"]["metadata"]["labels"])
            self.assertTrue(allowed(policies, pod, Pod({}, "", "52.219.60.1"), 443), case)
            for address in INSIDE:
                with self.subTest(case=case, address=address):
                    self.assertFalse(allowed(policies, pod, Pod({}, "", address), 443))


MONITORING = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


class Watching(unittest.TestCase):
    """What watches, in a namespace of its own, and Ondol in its one; what looks at nodes has a third."""

    def setUp(self) -> None:
        own = charts.cases()["observability/eks"]
        redis = {**own, "redisExporter": {"url": "redis://ondol-redis.ondol:6379"}, "networkPolicy": {}}
        home = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring-nodes"}}}]
        traces = {
            "telemetry": {"otlpEndpoint": "http://alloy.monitoring-nodes:4317"},
            "networkPolicy": {"monitoring": [*MONITORING, *home]},
        }
        ondol = charts.cases()["ondol/try"]
        ondol = {**ondol, "api": {**ondol["api"], **traces}}
        found = [*charts.render("observability", redis), *charts.render("ondol", ondol)]
        self.policies, self.pods = policies_of(found), pods_of(found)
        self.pods["stranger"] = Pod({"app": "shop"}, "monitoring")
        self.pods["keda"] = Pod({}, "keda")
        self.pods["ingress"] = Pod({}, "ingress")
        self.pods["internet"] = Pod({}, "", "198.51.100.7")
        self.pods["database"] = Pod({}, "", "10.0.3.4")
        self.pods["credentials"] = Pod({}, "", "169.254.170.23")
        self.pods["kubernetes"] = Pod({}, "", "10.100.0.1")

    def reaches(self, source: str, target: str, port: int) -> bool:
        return allowed(self.policies, self.pods[source], self.pods[target], port)

    def test_prometheus_reads_everything_and_is_asked_by_few(self) -> None:
        ports = {"api": 9401, "llm-inference": 9402, "worker": 9403, "mcp": 9404, "prometheus": 9090}
        ports.update({"alertmanager": 9093, "loki": 3100, "alloy": 12345, "grafana": 3000})
        ports.update({"kube-state-metrics": 8080, "node-exporter": 9100, "dcgm-exporter": 9400})
        for target, port in {**ports, "redis-exporter": 9121, "kubernetes": 443}.items():
            self.assertTrue(self.reaches("prometheus", target, port), target)
        for target in set(ports) - set(charts.SERVICES):
            self.assertFalse(self.reaches("stranger", target, ports[target]), target)
        for source, may in {"grafana": True, "keda": True, "loki": False, "api": False}.items():
            self.assertEqual(self.reaches(source, "prometheus", 9090), may, source)

    def test_the_way_of_an_alert_and_of_a_line(self) -> None:
        ways = [
            ("alertmanager", "alertmanager", 9094),
            ("alertmanager", "internet", 443),
            ("alloy", "loki", 3100),
            ("loki", "internet", 443),
            ("loki", "credentials", 80),
            ("grafana", "loki", 3100),
            ("grafana", "alertmanager", 9093),
            ("api", "alloy", 4317),
            ("redis-exporter", "redis", 6379),
            ("kube-state-metrics", "kubernetes", 443),
        ]
        for way in ways:
            self.assertTrue(self.reaches(*way), way)

    def test_nobody_else(self) -> None:
        ways = [
            ("alertmanager", "database", 443),
            ("prometheus", "api", 50051),
            ("prometheus", "internet", 9401),
            ("grafana", "internet", 443),
            ("alloy", "kubernetes", 443),
            ("node-exporter", "loki", 3100),
            ("dcgm-exporter", "internet", 443),
            ("redis-exporter", "api", 9401),
            ("stranger", "redis", 6379),
            ("api", "loki", 3100),
            ("ingress", "loki", 3100),
            ("ingress", "grafana", 3000),
        ]
        for way in ways:
            self.assertFalse(self.reaches(*way), way)

    def test_people_reach_grafana_by_what_values_name(self) -> None:
        found = charts.rendered_cases()["observability/eks"]
        self.assertTrue(allowed(policies_of(found), self.pods["ingress"], pods_of(found)["grafana"], 3000))

    def test_in_one_namespace_they_reach_each_other_as_well(self) -> None:
        """As the chart ondol installs them."""
        found = charts.rendered_cases()["ondol/watched"]
        policies, pods = policies_of(found), pods_of(found)
        ports = {"api": 9401, "llm-inference": 9402, "worker": 9403, "mcp": 9404}
        for target, port in ports.items():
            self.assertTrue(allowed(policies, pods["prometheus"], pods[target], port), target)
        self.assertTrue(allowed(policies, pods["redis-exporter"], pods["redis"], 6379))
        self.assertFalse(allowed(policies, pods["grafana"], pods["api"], 9401))
