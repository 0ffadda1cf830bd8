"""What is served is what was committed, as git itself fetches it."""

import tempfile
import unittest
from pathlib import Path

from repository import Repository, environment, git


class Served(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        whole = self.folder / "whole"
        whole.mkdir()
        self.environment = environment(self.folder)
        self.git(whole, "init", "--quiet", "--initial-branch", "somebodys")
        (whole / "file").write_text("first", encoding="utf-8")
        self.git(whole, "add", "--all")
        self.git(whole, "commit", "--quiet", "--message", "first")
        self.git(whole, "branch", "another")
        self.repository = Repository(self.folder, whole)
        self.addCleanup(self.repository.stop)

    def git(self, folder: Path, *words: str) -> str:
        return git(self.environment, folder, *words)

    def fetched(self, branch: str, name: str) -> str:
        folder = self.folder / name
        self.git(self.folder, "clone", "--quiet", "--branch", branch, self.repository.url, str(folder))
        return (folder / "file").read_text("utf-8")

    def test_main_is_what_was_checked_out_and_there_is_no_other(self) -> None:
        self.assertEqual(self.fetched("main", "one"), "first")
        self.assertNotIn("another", self.git(self.folder, "ls-remote", self.repository.url))

    def test_a_commit_is_served_on_its_branch_alone(self) -> None:
        (self.repository.work / "file").write_text("second", encoding="utf-8")
        strange = self.repository.commit("second", branch="strange")
        self.assertEqual(self.fetched("strange", "one"), "second")
        self.assertEqual(self.fetched("main", "two"), "first")
        (self.repository.work / "file").write_text("third", encoding="utf-8")
        made = self.repository.commit("third")
        self.assertNotEqual(made, strange)
        self.assertEqual(self.fetched("main", "three"), "third")
