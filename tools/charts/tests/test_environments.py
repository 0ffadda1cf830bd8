"""What Argo CD would render of deploy/env: every release with its values, and images as CI writes them."""

import re
import sys
import unittest
from typing import Any

import yaml

import charts
import invariants
import manifests
import watching

# The tools that write the images, which are of the standard library alone.
sys.path.append(str(charts.HELM.parent / "tools" / "delivery"))
import environments
import images

IMAGES = ("api", "llm-inference", "llm-inference-cuda", "mcp", "ondol", "worker")
DIGEST = f"sha256:{'a' * 64}"
# A commit that looks like a number, as one in a hundred does.
KNOWN = {name: images.Image(f"registry.example.com/ondol/{name}", "985005400665", DIGEST) for name in IMAGES}


def releases() -> list[tuple[str, environments.Release]]:
    """Those whose chart is here."""
    names = sorted(file.parent.name for file in environments.FOLDER.glob("*/environment.yaml"))
    found = [(name, release) for name in names for release in environments.environment(name).releases()]
    return [(name, release) for name, release in found if release.chart in charts.CHARTS]


def values_of(environment: str, release: environments.Release) -> dict[str, Any]:
    """As Helm lays one values file over the other. What CI writes is written anew."""
    own = yaml.safe_load((release.folder / "values.yaml").read_text("utf-8")) or {}
    by_hand = environment == "local" or not release.image
    written = (
        (release.folder / "images.yaml").read_text("utf-8") if by_hand else images.text_of(release, KNOWN)
    )
    return laid_over(own, yaml.safe_load(written) or {})


def rendered(environment: str, release: environments.Release) -> list[charts.Manifest]:
    return charts.render(release.chart, values_of(environment, release), release.name, release.namespace)


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: laid_over(below[key], value) for key, value in above.items() if isinstance(below.get(key), dict)
    }
    return {**below, **above, **both}


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
