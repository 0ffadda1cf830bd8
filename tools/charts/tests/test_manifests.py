"""The checks themselves: what they are there to find, they find."""

import copy
import unittest
from collections.abc import Callable

import charts
import invariants
import manifests


def spoilt(case: str, kind: str, spoil: Callable[[charts.Manifest], None]) -> list[charts.Manifest]:
    """What a values file renders, with something changed in one object: KIND, or KIND/NAME among several."""
    found = copy.deepcopy(charts.rendered_cases()[case])
    kind, _, name = kind.partition("/")
    spoil(charts.named(found, kind, name or None))
    return found


class Schemas(unittest.TestCase):
    def test_a_misspelt_field_is_found_in_every_kind(self) -> None:
        seen = set()
        for found in charts.rendered_cases().values():
            for manifest in found:
                if "spec" in manifest and manifest["kind"] not in seen:
                    seen.add(manifest["kind"])
                    wrong = {**manifest, "spec": {**manifest["spec"], "replicaz": 1}}
                    problems = list(manifests.of_schema(wrong, "1.36"))
                    self.assertTrue(any("replicaz" in problem for problem in problems), manifest["kind"])
        self.assertGreaterEqual(len(seen), 15)

    def test_a_rollouts_pods_are_checked_as_kubernetes_checks_them(self) -> None:
        def spoil(rollout: charts.Manifest) -> None:
            rollout["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Always"

        self.assertIn(
            "imagePolicy", " ".join(manifests.problems(spoilt("api/eks", "Rollout", spoil), "1.36"))
        )

    def test_a_key_that_is_given_twice(self) -> None:
        with self.assertRaisesRegex(charts.Broken, "'a' is given twice"):
            charts.documents("x.yaml", "a: 1\na: 2\n")

    def test_more_is_requested_than_allowed(self) -> None:
        def spoil(deployment: charts.Manifest) -> None:
            requests = deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
            requests["memory"] = "1025Mi"

        self.assertEqual(
            manifests.problems(spoilt("api/minimal", "Deployment", spoil), "1.36"),
            ["Deployment api: more memory is requested than allowed"],
        )


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
