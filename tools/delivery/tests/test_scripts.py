"""What workflows do in shell, with repositories and registries that are made for it."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.git import NO_SETTINGS, git

SCRIPTS = Path(__file__).resolve().parent.parent
DIGEST = f"sha256:{'a' * 64}"


class Scripts(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.environment = {**os.environ, **NO_SETTINGS}

    def run_script(self, name: str, *words: object, told: str = "", where: "Path | None" = None):
        command = ["sh", str(SCRIPTS / name), *map(str, words)]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=where or self.folder,
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )

    def stand_in(self, program: str, body: str) -> Path:
        """A program that writes down what it was called with."""
        calls = self.folder / f"{program}.calls"
        file = self.folder / "bin" / program
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{body}\n')
        file.chmod(0o755)
        self.environment["PATH"] = f"{file.parent}:{os.environ['PATH']}"
        return calls

    def digests(self, *images: str) -> Path:
        folder = self.folder / "digests"
        folder.mkdir()
        for image in images:
            (folder / f"{image}.digest").write_text(DIGEST)
        return folder


class Signing(Scripts):
    def test_images_and_the_bills_of_their_machines(self) -> None:
        calls = self.stand_in("cosign", "")
        for bill in ("llm-inference-x86_64", "llm-inference-aarch64", "llm-inference-cuda-x86_64"):
            (self.folder / f"{bill}.cdx.json").touch()
        digests = self.digests("llm-inference", "llm-inference-cuda")
        self.assertEqual(self.run_script("sign.sh", "r/ondol", digests, self.folder).returncode, 0)
        lines = calls.read_text().splitlines()
        self.assertEqual(len([line for line in lines if line.startswith("sign ")]), 2)
        attested = [line.split()[-2:] for line in lines if line.startswith("attest ")]
        names = [(Path(bill).name, reference) for bill, reference in attested]
        self.assertEqual(
            sorted(names),
            [
                ("llm-inference-aarch64.cdx.json", f"r/ondol/llm-inference@{DIGEST}"),
                ("llm-inference-cuda-x86_64.cdx.json", f"r/ondol/llm-inference-cuda@{DIGEST}"),
                ("llm-inference-x86_64.cdx.json", f"r/ondol/llm-inference@{DIGEST}"),
            ],
        )

    def test_an_image_without_a_bill_is_an_error(self) -> None:
        self.stand_in("cosign", "")
        done = self.run_script("sign.sh", "r/ondol", self.digests("api"), self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("api has no bill", done.stderr)

    def test_subjects_are_as_sha256sum_writes_them(self) -> None:
        done = self.run_script("subjects.sh", "r/ondol", self.digests("api", "mcp"))
        self.assertEqual(done.stdout, f"{'a' * 64}  r/ondol/api\n{'a' * 64}  r/ondol/mcp\n")


class Verifying(Scripts):
    def test_only_deliveries_from_main_count(self) -> None:
        calls = self.stand_in("cosign", "")
        done = self.run_script("verify.sh", "https://example.com/x", told=f"r/ondol/api@{DIGEST}\n")
        self.assertEqual(done.returncode, 0)
        identity = (
            "--certificate-identity https://example.com/x/.github/workflows/deliver.yml@refs/heads/main"
        )
        self.assertIn(identity, calls.read_text())

    def test_one_that_is_not_signed_ends_it(self) -> None:
        self.stand_in("cosign", "exit 1")
        self.assertNotEqual(self.run_script("verify.sh", "u", told=f"r/ondol/api@{DIGEST}\n").returncode, 0)

    def test_nothing_to_verify_is_not_verified(self) -> None:
        self.stand_in("cosign", "")
        self.assertEqual(self.run_script("verify.sh", "u").returncode, 1)

    def test_a_name_is_added_and_the_digest_stays(self) -> None:
        calls = self.stand_in("skopeo", "")
        done = self.run_script("name.sh", "v1.0.0", told=f"r/ondol/api@{DIGEST}\n")
        self.assertEqual(done.stdout, "r/ondol/api:v1.0.0\n")
        self.assertIn("--preserve-digests", calls.read_text())
        self.assertIn(f"docker://r/ondol/api@{DIGEST} docker://r/ondol/api:v1.0.0", calls.read_text())

    def test_a_name_that_is_there_is_not_given_again(self) -> None:
        for there, copies in ((DIGEST, 0), ("sha256:" + "0" * 64, 1)):
            calls = self.stand_in("skopeo", f'[ "$1" = copy ] || echo "{there}"')
            done = self.run_script("name.sh", "v1.0.0", told=f"r/ondol/api@{DIGEST}\n")
            self.assertEqual(done.stdout, "r/ondol/api:v1.0.0\n")
            self.assertEqual(calls.read_text().count("copy "), copies)


class Requesting(Scripts):
    # As gh does it: what is to be filled in comes out of the local history, which has no such branch.
    GH = """case "$*" in
    *--fill*) echo "could not compute title or body defaults" >&2; exit 1 ;;
    "pr list "*) echo "$OPEN" ;;
    esac"""

    def request(self, number: str) -> str:
        self.environment["OPEN"] = number
        calls = self.stand_in("gh", self.GH)
        done = self.run_script("request.sh", "promote/abc", "prod", "deploy: prod", told="api\nmcp\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        return calls.read_text()

    def test_title_and_text_are_given(self) -> None:
        wanted = "pr create --base prod --head promote/abc --title deploy: prod --body api\nmcp\n"
        self.assertIn(wanted, self.request(""))

    def test_the_one_that_is_open_is_renewed(self) -> None:
        calls = self.request("17")
        self.assertIn("pr edit 17 --title deploy: prod --body api\nmcp\n", calls)
        self.assertNotIn("pr create", calls)


class Pushing(Scripts):
    def setUp(self) -> None:
        super().setUp()
        self.remote = self.folder / "remote.git"
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self.ours = self.clone("ours")
        (self.ours / "deploy").mkdir()
        self.write(self.ours, "deploy/digest", "one")
        git(self.ours, "push", "--quiet", "origin", "HEAD:main")
        self.environment.update(REMOTE=str(self.remote), TOKEN="secret")

    def clone(self, name: str) -> Path:
        git(self.folder, "clone", "--quiet", str(self.remote), name)
        return self.folder / name

    def write(self, where: Path, file: str, text: str) -> None:
        (where / file).write_text(text)
        git(where, "add", "--all")
        git(where, "commit", "--quiet", "--message", f"{file} {text}")

    def subjects(self, branch: str = "main") -> list[str]:
        return git(self.remote, "log", "--format=%s", branch).splitlines()

    def test_what_changed_is_on_the_branch(self) -> None:
        (self.ours / "deploy/digest").write_text("two")
        (self.ours / "elsewhere").write_text("not this")
        done = self.run_script("push.sh", "main", "deploy: two", "deploy", where=self.ours)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.subjects()[0], "deploy: two")
        self.assertEqual(git(self.remote, "show", "main:deploy/digest"), "two")
        self.assertNotIn("elsewhere", git(self.remote, "ls-tree", "-r", "--name-only", "main"))

    def test_somebody_else_was_faster(self) -> None:
        self.write(self.clone("theirs"), "other", "theirs")
        git(self.folder / "theirs", "push", "--quiet", "origin", "HEAD:main")
        (self.ours / "deploy/digest").write_text("two")
        done = self.run_script("push.sh", "main", "deploy: two", "deploy", where=self.ours)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.subjects()[:2], ["deploy: two", "other theirs"])

    def test_nothing_changed_is_no_commit(self) -> None:
        done = self.run_script("push.sh", "main", "deploy: again", "deploy", where=self.ours)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(self.subjects()), 1)

    def test_a_branch_that_is_new(self) -> None:
        (self.ours / "deploy/digest").write_text("two")
        self.run_script("push.sh", "promote/abc", "deploy: prod", "deploy", where=self.ours)
        self.assertEqual(self.subjects("promote/abc")[0], "deploy: prod")

    def test_prod_is_to_become_what_stands_here_whatever_it_had(self) -> None:
        git(self.ours, "push", "--quiet", "origin", "HEAD:prod")
        theirs = self.clone("theirs")
        git(theirs, "switch", "--quiet", "prod")
        self.write(theirs, "deploy/digest", "of prod alone")
        git(theirs, "push", "--quiet", "origin", "HEAD:prod")
        told = self.folder / "output"
        self.environment["GITHUB_OUTPUT"] = str(told)
        self.write(self.ours, "charts", "newer")
        (self.ours / "deploy/digest").write_text("two")
        (self.ours / "elsewhere").write_text("not this")
        words = ("promote/abc", "prod", "deploy: prod", "deploy")
        done = self.run_script("propose.sh", *words, where=self.ours)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(git(self.remote, "show", "promote/abc:deploy/digest"), "two")
        listed = git(self.remote, "ls-tree", "-r", "--name-only", "promote/abc").split()
        self.assertEqual(listed, ["charts", "deploy/digest"])
        # It can be merged as it is, and brings what has come to main.
        git(self.remote, "merge-base", "--is-ancestor", "prod", "promote/abc")
        self.assertLessEqual({"deploy: prod", "charts newer"}, set(self.subjects("promote/abc")))
        both = git(self.remote, "rev-parse", "prod", "promote/abc").split()
        self.assertEqual(told.read_text(), f"range={both[0]}...{both[1]}\n")
        git(self.remote, "update-ref", "refs/heads/prod", "promote/abc")
        told.unlink()
        again = self.run_script("propose.sh", *words, where=self.ours)
        self.assertIn("prod is what stands here already", again.stdout)
        self.assertFalse(told.exists(), "the workflow would ask for a pull request of nothing")

    def test_a_tag_must_be_the_version_on_prod(self) -> None:
        self.write(self.ours, "Cargo.toml", '[workspace.package]\nversion = "1.2.3"\n')
        git(self.ours, "push", "--quiet", "origin", "HEAD:prod")
        self.assertEqual(self.run_script("check-tag.sh", "v1.2.3", where=self.ours).returncode, 0)
        self.assertIn("says 1.2.3", self.run_script("check-tag.sh", "v1.2.4", where=self.ours).stderr)
        self.write(self.ours, "other", "not on prod")
        self.assertIn("not on prod", self.run_script("check-tag.sh", "v1.2.3", where=self.ours).stderr)
