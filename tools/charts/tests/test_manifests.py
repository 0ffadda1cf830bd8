"""Manifests that Kubernetes would not take are found."""

import unittest

import charts
import manifests
from tests.spoilt import spoilt


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
