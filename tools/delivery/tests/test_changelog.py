"""What a release brings, out of the history of a repository made for it."""

import tempfile
import unittest
from pathlib import Path

from changelog import between
from tests.git import git
from trouble import Trouble


class Changelog(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("Begin")

    def git(self, *words: str) -> None:
        git(self.folder, *words)

    def commit(self, message: str) -> None:
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def log(self, since: "str | None", until: str = "HEAD") -> str:
        return between(since, until, self.folder)

    def test_newest_first_with_the_reason(self) -> None:
        self.git("tag", "v0.1.0")
        self.commit("Shed load")
        self.commit("Answer sooner\n\nTimers were set where none\nwas needed.\n\nMore of it here.")
        title, _, first, reason, second = self.log("v0.1.0").splitlines()
        self.assertEqual(title, "## Changes since v0.1.0")
        self.assertRegex(first, r"^- Answer sooner \([0-9a-f]+\)$")
        self.assertEqual(reason, "  Timers were set where none was needed.")
        self.assertRegex(second, r"^- Shed load \([0-9a-f]+\)$")

    def test_the_release_before_is_found(self) -> None:
        self.git("tag", "v0.1.0")
        self.commit("Shed load")
        self.git("tag", "v0.2.0")
        self.assertTrue(self.log(None, "v0.2.0").startswith("## Changes since v0.1.0\n"))
        self.assertNotIn("Begin", self.log(None, "v0.2.0"))

    def test_the_first_release_has_everything(self) -> None:
        self.assertIn("- Begin (", self.log(None))

    def test_moved_images_and_trailers_are_no_news(self) -> None:
        self.git("tag", "v0.1.0")
        self.commit("deploy: staging runs 985b5f4aa6d5")
        self.commit("Shed load\n\nSigned-off-by: x <x@example.com>")
        self.assertEqual(len(self.log("v0.1.0").splitlines()), 3)

    def test_nothing_is_said_to_be_nothing(self) -> None:
        self.git("tag", "v0.1.0")
        self.assertTrue(self.log("v0.1.0").endswith("None."))

    def test_a_commit_that_there_is_not(self) -> None:
        with self.assertRaises(Trouble):
            self.log("v9.9.9")
