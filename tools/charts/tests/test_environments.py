"""What Argo CD would render of deploy/env: every release with its values, and images as CI writes them."""

import re
import unittest

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
