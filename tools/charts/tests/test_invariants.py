"""The rules of invariants.py themselves: what each forbids, it finds."""

import unittest

import charts
import invariants
from tests.spoilt import spoilt


# For each rule, how it is broken.
def replicas(deployment: charts.Manifest) -> None:
    deployment["spec"]["replicas"] = 2


def grace(deployment: charts.Manifest) -> None:
    deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 65


def root(deployment: charts.Manifest) -> None:
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = (
        False
    )


def unlimited(deployment: charts.Manifest) -> None:
    del deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]


def liveness(deployment: charts.Manifest) -> None:
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["livenessProbe"]["httpGet"]["path"] = "/readyz"


def selector(deployment: charts.Manifest) -> None:
    deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/instance"] = "other"


def port(deployment: charts.Manifest) -> None:
    deployment["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] = "50051"


def password(deployment: charts.Manifest) -> None:
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "ONDOL_REDIS_PASSWORD", "value": "x"})


def scratch(deployment: charts.Manifest) -> None:
    deployment["spec"]["template"]["spec"].setdefault("volumes", []).append({"name": "tmp", "emptyDir": {}})


BREAKING = {
    "queries_are_whole": (
        "api/eks",
        "AnalysisTemplate/api",
        lambda template: template["spec"]["metrics"][0]["provider"]["prometheus"].update(query='a{b="c"d"}'),
    ),
    "replicas_are_the_autoscalers": ("api/minimal", "Deployment", replicas),
    "grace_is_enough": ("api/minimal", "Deployment", grace),
    "restricted": ("api/minimal", "Deployment", root),
    "resources_are_bounded": ("api/minimal", "Deployment", unlimited),
    "probes_ask_the_admin_port": ("api/minimal", "Deployment", liveness),
    "selectors_meet_the_pods": ("api/minimal", "Deployment", selector),
    "services_are_led_by_one": (
        "api/eks",
        "Service/api",
        lambda service: service["spec"].update(selector={"app.kubernetes.io/name": "api"}),
    ),
    "metrics_are_found": ("api/minimal", "Deployment", port),
    "secrets_stay_out": ("api/minimal", "Deployment", password),
    "nodes_can_be_emptied": ("api/minimal", "Deployment", scratch),
    "everything_else_is_denied": (
        "api/minimal",
        "NetworkPolicy",
        lambda policy: policy["spec"]["policyTypes"].remove("Egress"),
    ),
    "references_lead_somewhere": (
        "api/eks",
        "Rollout",
        lambda rollout: rollout["spec"]["strategy"]["blueGreen"].update(activeService="api-active"),
    ),
    "load_balancers_are_told": (
        "mcp/eks",
        "Ingress",
        lambda ingress: ingress["metadata"]["annotations"].update(
            {"alb.ingress.kubernetes.io/success-codes": "12"}
        ),
    ),
}


class Rules(unittest.TestCase):
    def test_each_is_broken_by_what_it_forbids(self) -> None:
        self.assertEqual(set(BREAKING), {rule.__name__ for rule in invariants.RULES})
        for rule, change in BREAKING.items():
            with self.subTest(rule=rule):
                broken = invariants.broken(spoilt(*change))
                self.assertTrue(any(problem.startswith(f"{rule}: ") for problem in broken), broken)
