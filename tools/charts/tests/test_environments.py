"""What Argo CD would render of deploy/env: every release with its values, and images as CI writes them."""

import re
import unittest

import yaml

import charts
import invariants
import manifests
import watching
from deployed import DIGEST, environments, rendered


def releases() -> list[tuple[str, environments.Release]]:
    """Those whose chart is here."""
    names = sorted(file.parent.name for file in environments.FOLDER.glob("*/environment.yaml"))
    found = [(name, release) for name in names for release in environments.environment(name).releases()]
    return [(name, release) for name, release in found if release.chart in charts.CHARTS]


class Environments(unittest.TestCase):
    def test_every_release_is_rendered_as_kubernetes_takes_it(self) -> None:
        self.assertGreater(len(releases()), 10)
        for environment, release in releases():
            found = rendered(environment, release)
            for version in manifests.KUBERNETES:
                with self.subTest(environment=environment, release=release.name, kubernetes=version):
                    self.assertEqual(manifests.problems(found, version), [])
            with self.subTest(environment=environment, release=release.name):
                if release.chart == "observability":
                    self.assertEqual(watching.broken(found), [])
                    continue
                if release.image:
                    self.assertEqual(invariants.broken(found), [])
                self.assertEqual(list(invariants.restricted(found)), [])

    def test_every_container_of_ours_runs_what_was_published_by_digest(self) -> None:
        wanted = rf"^registry\.example\.com/ondol/[a-z-]+@{DIGEST}$"
        for environment, release in releases():
            if environment == "local" or not release.image:
                continue
            found = rendered(environment, release)
            for label, template in charts.pods(found):
                spec = template["spec"]
                for container in (*spec.get("initContainers", []), *spec["containers"]):
                    with self.subTest(environment=environment, release=release.name, pod=label):
                        self.assertRegex(container["image"], wanted)

    def test_services_find_each_other(self) -> None:
        """Whatever a service is told to call is a Service that another release of the environment has."""
        for environment in {name for name, _ in releases()}:
            mine = [release for name, release in releases() if name == environment]
            found = [rendered(environment, one) for one in mine]
            services = {m["metadata"]["name"] for each in found for m in each if m["kind"] == "Service"}
            for release in mine:
                text = (release.folder / "values.yaml").read_text("utf-8")
                for host in set(re.findall(r"(?:http|redis)://([a-z-]+):\d+", text)):
                    with self.subTest(environment=environment, release=release.name):
                        self.assertIn(host, services)


class Project(unittest.TestCase):
    """What Argo CD's project gives is what the releases want, and nothing else."""

    @classmethod
    def setUpClass(cls) -> None:
        file = charts.HELM.parent / "deploy" / "argocd" / "project.yaml"
        cls.project = yaml.safe_load(file.read_text("utf-8"))["spec"]
        cls.found = [m for place, release in releases() for m in rendered(place, release)]

    def test_namespaces_are_those_that_releases_are_in(self) -> None:
        given = {place["namespace"] for place in self.project["destinations"]}
        self.assertEqual(given, {release.namespace for _, release in releases()})
        wanted = {m["metadata"]["namespace"] for m in self.found if "namespace" in m["metadata"]}
        self.assertLessEqual(wanted, given)

    def test_cluster_wide_is_given_by_name_and_only_what_is_wanted(self) -> None:
        wanted = {
            (m["apiVersion"].rpartition("/")[0], m["kind"], m["metadata"]["name"])
            for m in self.found
            if "namespace" not in m["metadata"]
        }
        self.assertTrue(wanted)
        # By CreateNamespace.
        wanted |= {("", "Namespace", release.namespace) for _, release in releases()}
        given = self.project["clusterResourceWhitelist"]
        self.assertEqual({(item["group"], item["kind"], item["name"]) for item in given}, wanted)
