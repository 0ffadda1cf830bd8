"""Where a load balancer and a gateway send requests, by the rules that are rendered."""

import json
import unittest
from typing import Optional

import charts

ALB = "alb.ingress.kubernetes.io/"


def sent_to(
    found: list[charts.Manifest], host: str, path: str, content_type: str = ""
) -> Optional[tuple[str, str]]:
    """Service and protocol of the first rule that fits, as a load balancer looks through those of a group."""
    ingresses = [manifest for manifest in found if manifest["kind"] == "Ingress"]
    ingresses.sort(key=lambda ingress: int(ingress["metadata"]["annotations"][ALB + "group.order"]))
    for ingress in ingresses:
        notes = ingress["metadata"]["annotations"]
        for rule in ingress["spec"]["rules"]:
            for wanted in rule["http"]["paths"]:
                service = wanted["backend"]["service"]["name"]
                if (
                    rule.get("host", host) == host
                    and below(wanted["path"], path)
                    and fits(notes, service, content_type)
                ):
                    return service, notes[ALB + "backend-protocol-version"]
    return None


def below(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def fits(notes: dict[str, str], service: str, content_type: str) -> bool:
    for condition in json.loads(notes.get(f"{ALB}conditions.{service}", "[]")):
        header = condition["httpHeaderConfig"]
        if header["httpHeaderName"] != "Content-Type" or not any(
            like(value, content_type) for value in header["values"]
        ):
            return False
    return True


def like(value: str, text: str) -> bool:
    return text.startswith(value[:-1]) if value.endswith("*") else text == value


class LoadBalancer(unittest.TestCase):
    def setUp(self) -> None:
        self.group = [*charts.rendered_cases()["api/eks"], *charts.rendered_cases()["mcp/eks"]]

    def test_grpc_goes_where_http_2_is_spoken(self) -> None:
        call = "/ondol.inference.v1.InferenceService/GenerateText"
        for content_type in ("application/grpc", "application/grpc+proto"):
            self.assertEqual(sent_to(self.group, "api.example.com", call, content_type), ("api", "GRPC"))

    def test_everything_else_goes_where_http_1_is_spoken(self) -> None:
        for path in (
            "/generated/job/0/a.png",
            "/generated",
            "/v1/chat/completions",
            "/api/v1/models",
            "/openapi.json",
        ):
            self.assertEqual(
                sent_to(self.group, "api.example.com", path, "application/json"), ("api", "HTTP1")
            )

    def test_browsers_are_no_grpc_clients(self) -> None:
        call = "/ondol.inference.v1.InferenceService/GenerateText"
        self.assertEqual(
            sent_to(self.group, "api.example.com", call, "application/grpc-web+proto"), ("api", "HTTP1")
        )

    def test_agents_reach_mcp_and_nothing_else_of_it(self) -> None:
        self.assertEqual(
            sent_to(self.group, "tools.example.com", "/mcp", "application/json"), ("mcp", "HTTP1")
        )
        call = "/ondol.tools.v1.ToolService/CallTool"
        self.assertIsNone(sent_to(self.group, "tools.example.com", call, "application/grpc"))

    def test_they_share_one_load_balancer(self) -> None:
        ingresses = [manifest for manifest in self.group if manifest["kind"] == "Ingress"]
        self.assertEqual({i["metadata"]["annotations"][ALB + "group.name"] for i in ingresses}, {"ondol"})
        for note in ("load-balancer-attributes", "scheme", "listen-ports", "ssl-policy"):
            shared = {ingress["metadata"]["annotations"][ALB + note] for ingress in ingresses}
            self.assertEqual(len(shared), 1, f"they contradict each other: {note}")

    def test_targets_with_tls_are_spoken_to_with_tls(self) -> None:
        for ingress in (m for m in charts.rendered_cases()["api/tls"] if m["kind"] == "Ingress"):
            self.assertEqual(ingress["metadata"]["annotations"][ALB + "backend-protocol"], "HTTPS")


class Gateway(unittest.TestCase):
    def test_each_kind_of_route_has_hosts_of_its_own(self) -> None:
        found = charts.rendered_cases()["api/gateway"]
        grpc, http = charts.named(found, "GRPCRoute")["spec"], charts.named(found, "HTTPRoute")["spec"]
        self.assertFalse(set(grpc["hostnames"]) & set(http["hostnames"]))
        prefixes = [match["path"]["value"] for match in http["rules"][0]["matches"]]
        self.assertEqual(prefixes, ["/v1", "/generated"])

    def test_streams_are_not_cut_off(self) -> None:
        rule = charts.named(charts.rendered_cases()["api/gateway"], "HTTPRoute")["spec"]["rules"][0]
        self.assertEqual(rule["timeouts"]["request"], "0s")

    def test_services_say_that_they_speak_http_2(self) -> None:
        port = charts.named(charts.rendered_cases()["api/gateway"], "Service")["spec"]["ports"][0]
        self.assertEqual(port["appProtocol"], "kubernetes.io/h2c")
