"""api as a Rollout of Argo's. What the controller does with it is seen by `./just test-cluster rollouts`."""

import copy
import unittest

import charts


class BlueGreen(unittest.TestCase):
    def test_who_calls_a_preview_is_let_in_where_not_everybody_is(self) -> None:
        values = copy.deepcopy(charts.cases()["api/eks"])
        values["networkPolicy"]["callers"] = [{"ipBlock": {"cidr": "10.0.0.0/16"}}]
        found = charts.render("api", values)
        traffic = charts.named(found, "AnalysisTemplate", "api-traffic")
        labels = charts.templates(traffic)[0]["metadata"]["labels"]
        policy = charts.named(found, "NetworkPolicy")["spec"]
        calls = next(rule for rule in policy["ingress"] if rule["ports"][0]["port"] == 50051)
        self.assertIn({"podSelector": {"matchLabels": labels}}, calls["from"])
