"""What workflows must not do with the scripts that are tested here."""

import re
import unittest

from environments import ROOT

WORKFLOWS = {file.name: file.read_text("utf-8") for file in (ROOT / ".github" / "workflows").glob("*.yml")}


def steps(workflow: str) -> "dict[str, str]":
    """The named ones, as they are written."""
    found = re.split(r"^      - ", WORKFLOWS[workflow], flags=re.MULTILINE)
    return {
        step.partition("\n")[0].removeprefix("name: "): step for step in found if step.startswith("name: ")
    }


class Promoting(unittest.TestCase):
    def test_nothing_asks_the_local_history_what_a_pull_request_says(self) -> None:
        for name, text in WORKFLOWS.items():
            with self.subTest(name):
                self.assertNotRegex(text, r"gh pr create|--fill\b")

    def test_a_pull_request_is_asked_for_only_where_something_is_proposed(self) -> None:
        proposing, opening = (steps("promote.yml")[name] for name in ("Propose", "Open the pull request"))
        self.assertIn("id: propose\n", proposing)
        self.assertIn("if: steps.propose.outputs.range != ''", opening)
        self.assertIn("tools/delivery/request.sh", opening)


class Histories(unittest.TestCase):
    def test_jobs_that_compare_commits_have_them_all(self) -> None:
        for workflow, told in (("deliver.yml", "delivery.py take"), ("promote.yml", "delivered.sh")):
            with self.subTest(workflow):
                (job,) = (
                    job for job in re.split(r"^  (?=\w)", WORKFLOWS[workflow], flags=re.M) if told in job
                )
                self.assertIn("fetch-depth: 0", job)


class Pinning(unittest.TestCase):
    def test_every_action_is_pinned_by_commit_and_in_one_version(self) -> None:
        seen: dict[str, set[str]] = {}
        for name, text in WORKFLOWS.items():
            for used in re.findall(r"^\s+(?:- )?uses: (.*)$", text, re.MULTILINE):
                if not used.startswith("$/"):
                    with self.subTest(name=name, used=used):
                        self.assertRegex(used, r"^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
                    seen.setdefault(used.partition("@")[0], set()).add(used)
        self.assertGreater(len(seen), 4)
        self.assertEqual([found for found in seen.values() if len(found) > 1], [])
