"""Images and charts of one commit, in a repository made for it that has these tools."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from environments import ROOT
from tests.git import NO_SETTINGS, git

TOOLS = "tools/delivery"
IGNORED = shutil.ignore_patterns("__pycache__", "tests")


class Delivered(unittest.TestCase):
    """`main` as others see it, and a checkout of it; `prod` begins where main does."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.remote, self.work = Path(folder.name, "remote.git"), Path(folder.name, "work")
        git(Path(folder.name), "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        git(Path(folder.name), "clone", "--quiet", str(self.remote), "work")
        shutil.copytree(ROOT / TOOLS, self.work / TOOLS, ignore=IGNORED)
        for name in ("staging", "prod"):
            release = self.work / "deploy/env" / name / "api"
            release.mkdir(parents=True)
            (release.parent / "environment.yaml").write_text(f"environment: {name}\n")
            (release / "release.yaml").write_text("chart: api\nnamespace: ondol\nimage: api\n")
        self.first = self.commit("helm/api", "one")
        git(self.work, "push", "--quiet", "origin", "HEAD:prod")

    def commit(self, file: str, text: str) -> str:
        """What stands in the checkout, with the file so, on main."""
        (self.work / file).parent.mkdir(parents=True, exist_ok=True)
        (self.work / file).write_text(text)
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--message", f"{file} {text}")
        git(self.work, "push", "--quiet", "origin", "HEAD:main")
        return self.head()

    def head(self) -> str:
        return git(self.work, "rev-parse", "HEAD").strip()

    def run_here(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **NO_SETTINGS, "REMOTE": str(self.remote), "TOKEN": "secret"}
        environment.pop("GITHUB_OUTPUT", None)
        return subprocess.run(words, cwd=self.work, env=environment, capture_output=True, text=True)

    def delivery(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run_here(sys.executable, "-B", f"{TOOLS}/delivery.py", *words)

    def take(self, commit: str, digit: str = "a") -> "subprocess.CompletedProcess[str]":
        digests = self.work.parent / f"digests-{digit}"
        digests.mkdir(exist_ok=True)
        (digests / "api.digest").write_text(f"sha256:{digit * 64}")
        words = ("--registry", "r/ondol", "--tag", commit[:12], "--digests", str(digests))
        return self.delivery("take", "staging", *words)

    def deliver(self, commit: str, digit: str = "a") -> str:
        self.assertEqual(self.take(commit, digit).returncode, 0)
        return self.commit("deploy/env/staging/of", commit)

    def images(self, where: str) -> str:
        return git(self.remote, "show", f"{where}/api/images.yaml")


class Taking(Delivered):
    def test_an_old_job_that_runs_again_does_not_go_back(self) -> None:
        second = self.commit("helm/api", "two")
        self.deliver(second)
        done = self.take(self.first, "b")
        self.assertEqual(done.returncode, 1)
        self.assertIn(
            f"staging runs images of {second[:12]}, which came after {self.first[:12]}", done.stderr
        )
        self.assertIn("git revert", done.stderr)
        self.assertIn("a" * 64, self.images("main:deploy/env/staging"))

    def test_the_same_commit_may_be_built_again(self) -> None:
        self.deliver(self.first)
        self.deliver(self.first, "b")
        self.assertIn("b" * 64, self.images("main:deploy/env/staging"))

    def test_who_went_back_on_purpose_goes_forward_again(self) -> None:
        second = self.commit("helm/api", "two")
        self.deliver(self.first)
        self.deliver(second, "b")
        git(self.work, "revert", "--no-edit", "HEAD")
        self.assertIn(self.first[:12], (self.work / "deploy/env/staging/api/images.yaml").read_text())
        self.assertEqual(self.take(second, "b").returncode, 0)

    def test_tags_that_are_no_commits_are_taken(self) -> None:
        for tag in ("main", "v1.2.3", "123456789012"):
            with self.subTest(tag):
                self.assertEqual(self.take(tag).returncode, 0)


class Promoting(Delivered):
    def test_values_may_have_come_since(self) -> None:
        self.deliver(self.first)
        newest = self.commit("deploy/env/prod/api/values.yaml", "replicas: 3")
        self.assertEqual(self.delivery("promote", "staging", "prod").returncode, 0)
        self.assertEqual(self.delivery("delivered", "staging").stdout.strip(), newest)

    def test_charts_of_another_commit_are_refused(self) -> None:
        self.deliver(self.first)
        self.commit("helm/api", "two")
        done = self.delivery("promote", "staging", "prod")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the images of staging were built from {self.first[:12]}, and charts", done.stderr)
        self.assertIn("tools/delivery/delivered.sh staging origin/main", done.stderr)
        self.assertFalse((self.work / "deploy/env/prod/api/images.yaml").exists())
        self.assertEqual(self.delivery("promote", "--any-commit", "staging", "prod").returncode, 0)

    def test_images_of_no_commit_are_refused(self) -> None:
        self.deliver("123456789012")
        done = self.delivery("promote", "staging", "prod")
        self.assertIn("which is no commit in the history here", done.stderr)

    def test_what_runs_nothing_has_no_commit(self) -> None:
        self.assertIn("images of no commit", self.delivery("promote", "staging", "prod").stderr)

    def test_prod_gets_the_charts_of_its_images_while_the_next_are_built(self) -> None:
        self.commit("deploy/env/prod/api/values.yaml", "replicas: 3")
        self.commit("helm/api", "two")
        # The delivery of what came before ends now, on top of a chart whose images there are not yet.
        main = self.deliver(self.first)
        done = self.run_here("sh", f"{TOOLS}/delivered.sh", "staging", main)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.delivery("promote", "staging", "prod").returncode, 0)
        self.run_here("sh", f"{TOOLS}/propose.sh", "promote/abc", "prod", "deploy: prod", "deploy/env/prod")
        self.assertEqual(git(self.remote, "show", "promote/abc:helm/api"), "one")
        self.assertIn(self.first[:12], self.images("promote/abc:deploy/env/prod"))
        self.assertEqual(
            git(self.remote, "show", "promote/abc:deploy/env/prod/api/values.yaml"), "replicas: 3"
        )
        # Staging's own files are not what is proposed.
        listed = git(self.remote, "ls-tree", "-r", "--name-only", "promote/abc", "deploy/env/staging")
        self.assertNotIn("images.yaml", listed)
