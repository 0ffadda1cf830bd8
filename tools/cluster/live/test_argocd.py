"""Argo CD's own servers on deploy/argocd and deploy/env: which applications they make, what they render."""

import unittest

from gitops import Refused
from live.served import bare, environments, served
from stand import cluster

MISSING = "images.yaml: no such file"


class Set(unittest.TestCase):
    """The applications of all environments; nothing follows them yet."""

    @classmethod
    def setUpClass(cls) -> None:
        served().tell("local", "staging", "prod")
        cls.wanted = served().expected("local", "staging", "prod")
        cluster().until(
            "the applications", lambda: set(served().argocd.applications()) == set(cls.wanted), 120
        )

    @classmethod
    def tearDownClass(cls) -> None:
        """Nothing was made of them, so that nobody has to take anything away before they go."""
        cluster().kubectl("--namespace", "argocd", "delete", "applicationset", "ondol", "--wait=false")
        free = ("--type=merge", "--patch", '{"metadata": {"finalizers": null}}')
        for name in served().argocd.applications():
            cluster().kubectl("--namespace", "argocd", "patch", "applications.argoproj.io", name, *free)
        cluster().until("no applications", lambda: not served().argocd.applications(), 60)

    def test_a_every_release_is_an_application(self) -> None:
        made = served().argocd.applications()
        for name, wanted in self.wanted.items():
            spec = made[name]["spec"]
            policy = spec["syncPolicy"]
            told = {
                **{key: spec[key] for key in ("project", "destination", "source")},
                "automated": policy["automated"],
                "labels": policy["managedNamespaceMetadata"]["labels"],
            }
            with self.subTest(application=name):
                self.assertEqual(told, wanted)
                self.assertIn("CreateNamespace=true", policy["syncOptions"])
                self.assertEqual(made[name]["metadata"]["labels"], {"ondol/environment": name.split("-")[0]})

    def test_b_the_set_has_no_trouble(self) -> None:
        said = cluster().get("applicationset", "ondol", "argocd")["status"]["conditions"]
        told = {one["type"]: one["status"] for one in said}
        self.assertEqual(told["ErrorOccurred"], "False", said)
        self.assertEqual(told["ResourcesUpToDate"], "True", said)

    def test_c_before_the_first_delivery_images_are_missed(self) -> None:
        for name in ("staging-api", "prod-mcp"):
            with self.assertRaises(Refused) as raised:
                served().argocd.manifests(name)
            self.assertIn(MISSING, str(raised.exception))

    def test_d_what_is_rendered_is_what_helm_renders(self) -> None:
        served().deliver("staging", "a")
        served().push("deploy: staging runs a commit")
        served().delivery("promote", "--any-commit", "staging", "prod")
        wanted = {
            f"{name}-{release.name}": bare(served().by_helm(release))
            for name in ("local", "staging", "prod")
            for release in environments.environment(name, served().folder).releases()
        }
        # What stands in the checkout is prod's from now on, and main knows nothing of its images.
        served().repository.commit("deploy: prod runs what staging runs", branch="prod")
        for name, manifests in wanted.items():
            with self.subTest(application=name):
                self.assertEqual(bare(served().argocd.manifests(name)), manifests)
