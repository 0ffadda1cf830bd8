"""That deploy/ itself is sound: what Argo CD would read is what the tools write."""

import re
import unittest

from argocd import MANIFESTS, PLACE, manifests
from environments import FOLDER, ROOT, environment
from images import ENTRY

ENVIRONMENTS = [environment(file.parent.name) for file in sorted(FOLDER.glob("*/environment.yaml"))]
CATALOGUE = (ROOT / "tools/images/catalogue.py").read_text(encoding="utf-8")
APPLICATIONS = (MANIFESTS / "applicationset.yaml").read_text(encoding="utf-8")
PROJECT = (MANIFESTS / "project.yaml").read_text(encoding="utf-8")


class Environments(unittest.TestCase):
    def test_there_are_three(self) -> None:
        self.assertEqual([one.name for one in ENVIRONMENTS], ["local", "prod", "staging"])

    def test_each_says_what_the_applications_ask_of_it(self) -> None:
        # What the template names without a path comes out of the two files.
        asked = set(re.findall(r"\{\{ \.(\w+) \}\}", APPLICATIONS))
        for one in ENVIRONMENTS:
            facts = one.facts()
            self.assertEqual(facts["environment"], one.name)
            for release in one.releases():
                with self.subTest(release.folder):
                    own = {"chart", "namespace", "podSecurity"}
                    text = (release.folder / "release.yaml").read_text(encoding="utf-8")
                    said = set(re.findall(r"^(\w+): ", text, re.MULTILINE))
                    self.assertLessEqual(own, said)
                    self.assertLessEqual(asked, own | set(facts))
                    # The two are laid over each other: what both said would be one of them by chance.
                    self.assertFalse(said & set(facts))

    def test_every_release_has_values_and_a_chart_that_there_may_be(self) -> None:
        charts = {"api", "llm-inference", "mcp", "worker", "observability", "ondol"}
        for one in ENVIRONMENTS:
            for release in one.releases():
                with self.subTest(release.folder):
                    self.assertTrue((release.folder / "values.yaml").is_file())
                    self.assertIn(release.chart, charts)

    def test_each_has_every_service_and_what_watches_them(self) -> None:
        for one in ENVIRONMENTS:
            with self.subTest(one.name):
                charts = {release.chart for release in one.releases()}
                self.assertLessEqual({"api", "llm-inference", "mcp", "worker", "observability"}, charts)

    def test_images_are_ones_that_we_build(self) -> None:
        for one in ENVIRONMENTS:
            for release in one.releases():
                if release.image:
                    with self.subTest(release.folder):
                        self.assertIn(f'Image("{release.image}"', CATALOGUE)

    def test_a_release_without_images_of_ours_says_so(self) -> None:
        for one in ENVIRONMENTS:
            for release in one.releases():
                file = release.folder / "images.yaml"
                if release.image is None:
                    with self.subTest(release.folder):
                        self.assertEqual(ENTRY.findall(file.read_text(encoding="utf-8")), [])

    def test_local_runs_what_was_built_here(self) -> None:
        for release in environment("local").releases():
            if release.image:
                text = (release.folder / "images.yaml").read_text(encoding="utf-8")
                with self.subTest(release.folder):
                    self.assertIn(f"repository: localhost/ondol/{release.image}\n", text)

    def test_prod_and_staging_run_images_by_digest_or_none_yet(self) -> None:
        for name in ("staging", "prod"):
            for release in environment(name).releases():
                file = release.folder / "images.yaml"
                if release.image and file.is_file():
                    with self.subTest(release.folder):
                        text = file.read_text(encoding="utf-8")
                        self.assertEqual(text.count("repository:"), len(ENTRY.findall(text)))
                        self.assertRegex(text, r"digest: sha256:[0-9a-f]{64}")


class ArgoCd(unittest.TestCase):
    def test_only_the_environments_that_are_asked_for(self) -> None:
        text = manifests("https://example.com/ondol.git", ["staging"])
        self.assertIn("- path: deploy/env/staging/environment.yaml\n", text)
        self.assertNotIn("deploy/env/prod", text)
        self.assertNotIn("deploy/env/*/environment.yaml", text)

    def test_several_environments_keep_the_indent(self) -> None:
        text = manifests("https://example.com/ondol.git", ["staging", "prod"])
        indents = re.findall(r"( *)- path: deploy/env/(?:staging|prod)/environment\.yaml", text)
        self.assertEqual(len(indents), 2)
        self.assertEqual(len(set(indents)), 1)

    def test_the_repositorys_url_is_everywhere(self) -> None:
        text = manifests("https://example.com/ondol.git", ["staging"])
        self.assertNotIn(PLACE, text)
        self.assertEqual(text.count("https://example.com/ondol.git"), (PROJECT + APPLICATIONS).count(PLACE))

    def test_namespaces_are_ones_that_the_project_allows(self) -> None:
        allowed = set(re.findall(r"^      namespace: (\S+)$", PROJECT, re.MULTILINE))
        for one in ENVIRONMENTS:
            for release in one.releases():
                self.assertIn(release.namespace, allowed)
