"""What is read from the manifests of a chart."""

import unittest

from pods.chart import Probe, template

PROBE = {"httpGet": {"path": "/livez", "port": "admin"}, "periodSeconds": 5, "timeoutSeconds": 3}
CONTAINER = {
    "ports": [{"name": "grpc", "containerPort": 50051}, {"name": "admin", "containerPort": 9401}],
    "env": [
        {"name": "ONDOL_GRACE", "value": "30s"},
        {"name": "ONDOL_LISTEN", "value": "0.0.0.0:50051"},
        {"name": "ONDOL_MCP_URL", "value": "http://mcp:50053"},
    ],
    "startupProbe": {**PROBE, "failureThreshold": 12},
    "livenessProbe": {**PROBE, "periodSeconds": 10},
    "readinessProbe": {"httpGet": {"path": "/readyz", "port": "admin"}},
    "lifecycle": {"preStop": {"sleep": {"seconds": 30}}},
}


def manifests(**container: object) -> "list[dict]":
    pod = {"terminationGracePeriodSeconds": 75, "containers": [{**CONTAINER, **container}]}
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec = {"replicas": 2, "strategy": update, "template": {"spec": pod}}
    return [{"kind": "Service"}, {"kind": "Deployment", "spec": spec}]


class Read(unittest.TestCase):
    def test_all_that_a_kubelet_needs(self) -> None:
        read = template("api", manifests())
        self.assertEqual((read.replicas, read.surge, read.unavailable), (2, 1, 0))
        self.assertEqual((read.pre_stop, read.grace), (30, 75))
        self.assertEqual(read.startup, Probe("/livez", 9401, 5, 3, 12, 1))
        self.assertEqual(read.env["ONDOL_GRACE"], "30s")

    def test_what_a_manifest_leaves_out_is_as_kubernetes_has_it(self) -> None:
        read = template("worker", manifests(lifecycle={}))
        self.assertEqual(read.readiness, Probe("/readyz", 9401, 10, 1, 3, 1))
        self.assertEqual(read.pre_stop, 0)

    def test_times_pass_faster_together_but_for_those_of_answers(self) -> None:
        read = template("api", manifests()).faster(4)
        self.assertEqual((read.pre_stop, read.grace, read.env["ONDOL_GRACE"]), (7.5, 18.75, "7500ms"))
        self.assertEqual((read.startup.period, read.startup.timeout), (1.25, 3))
        self.assertEqual(read.env["ONDOL_LISTEN"], "0.0.0.0:50051")
        self.assertEqual(read.env["ONDOL_MCP_RESOLVE_EVERY"], "3750ms")
        self.assertNotIn("ONDOL_LLM_INFERENCE_RESOLVE_EVERY", read.env)
