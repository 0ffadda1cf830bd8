"""What is built when, from what, and what is said where it cannot be; nothing is compiled."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import programs

RUN = Path(programs.__file__).with_name("run.py")
CHARTS_PYTHON = RUN.parents[1] / "charts" / "python.sh"


class Digests(unittest.TestCase):
    """Another version, checksum or flag is another folder, so that nothing old is taken for it."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.enterContext(mock.patch.object(programs, "SOURCES", self.folder))
        self.enterContext(mock.patch.object(programs, "cache_folder", lambda: self.folder / "cache"))
        (self.folder / "one").mkdir()
        self.write("go.mod", "module one")
        self.write("go.sum", "sums")

    def enterContext(self, context):  # noqa: N802
        """unittest has it since Python 3.11."""
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    def write(self, name: str, text: str) -> None:
        (self.folder / "one" / name).write_text(text, encoding="utf-8")

    def test_each_file_counts(self) -> None:
        seen = {programs.digest("one")}
        for file in ("go.mod", "go.sum", "ldflags", "tags"):
            self.write(file, f"another {file}")
            seen.add(programs.digest("one"))
        self.assertEqual(5, len(seen))

    def test_what_is_there_is_not_built(self) -> None:
        ready = programs.Program("one", "example.com/one", "one").file
        ready.parent.mkdir(parents=True)
        ready.touch()
        with mock.patch.object(programs, "build", side_effect=AssertionError):
            self.assertEqual(ready, programs.built("one", "example.com/one", "one"))

    def test_what_is_not_there_is_built_once(self) -> None:
        def build(program: programs.Program) -> None:
            program.file.parent.mkdir(parents=True)
            program.file.touch()

        with mock.patch.object(programs, "build", side_effect=build) as building:
            for _ in range(2):
                programs.built("one", "example.com/one", "one")
        self.assertEqual(1, building.call_count)

    def test_a_build_that_fails_leaves_nothing_and_says_why(self) -> None:
        go = self.folder / "go"
        go.write_text("#!/bin/sh\necho no such package >&2; exit 1\n", encoding="utf-8")
        go.chmod(0o755)
        with mock.patch.object(programs, "go", lambda: go), self.assertRaises(programs.NotBuilt) as said:
            programs.built("one", "example.com/one", "one")
        self.assertIn("one was not built:\nno such package", str(said.exception))
        self.assertFalse(programs.Program("one", "example.com/one", "one").file.exists())


class Catalogue(unittest.TestCase):
    def test_every_module_says_what_is_built_from_it(self) -> None:
        modules = {file.parent.name for file in programs.SOURCES.glob("*/go.mod")}
        self.assertEqual(modules, {program.name for program in programs.catalogue()})
        self.assertLessEqual({"kubernetes", "etcd", "kwok"}, modules)

    def test_programs_are_tools_of_their_modules(self) -> None:
        """So that `go mod tidy` keeps what they need among the checksums."""
        for program in programs.catalogue():
            module = (programs.SOURCES / program.name / "go.mod").read_text("utf-8")
            with self.subTest(program=program.output):
                self.assertRegex(module, rf"(?m)^(tool |\t){re.escape(program.package)}$")

    def test_kubernetes_says_the_version_that_it_is(self) -> None:
        """Charts ask for it, and the published modules do not know it."""
        module = (programs.SOURCES / "kubernetes" / "go.mod").read_text("utf-8")
        version = re.search(r"k8s.io/kubernetes (v[\d.]+)", module)[1]
        self.assertIn(f"version.gitVersion={version} ", programs.ldflags("kubernetes"))
        staged = set(re.findall(r"=> k8s.io/\S+ v0\.([\d.]+)", module))
        self.assertEqual({version[len("v1.") :]}, staged)


class Unreached(unittest.TestCase):
    @unittest.skipUnless(shutil.which("go"), "there is no Go, which is what would reach it")
    def test_without_a_proxy_and_programs_it_ends_with_77_and_a_sentence(self) -> None:
        with tempfile.TemporaryDirectory() as empty:
            # What is fetched stays where it is; only the folder of Go's programs is another one.
            code = (
                f"import pathlib, sys; sys.path.insert(0, {os.fspath(RUN.parent)!r}); sys.argv = ['run.py']; "
                f"import programs; programs.cache_folder = lambda: pathlib.Path({empty!r}); "
                "import run; sys.exit(run.main())"
            )
            done = subprocess.run(
                [CHARTS_PYTHON, "-c", code],
                env={**os.environ, "GOPROXY": "off"},
                capture_output=True,
                text=True,
            )
        self.assertEqual(77, done.returncode, done.stderr)
        self.assertRegex(
            done.stderr, r"^test-cluster: left out, as Go's module proxy \(GOPROXY\) is not reached"
        )
        self.assertIn("kube-apiserver", done.stderr)
        self.assertEqual(1, done.stderr.count("\n"))

    def test_unknown_tests_are_named(self) -> None:
        done = subprocess.run([CHARTS_PYTHON, RUN, "nothing"], capture_output=True, text=True)
        self.assertEqual(2, done.returncode)
        self.assertIn("no such tests: nothing; there are", done.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
