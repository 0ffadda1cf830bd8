"""What is published, and what is refused before anything is."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from publish import archives_of, check_machines, digest_of
from run import Trouble


def index(*architectures: str) -> dict:
    return {"manifests": [{"platform": {"architecture": one, "os": "linux"}} for one in architectures]}


class Archives(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_one_for_each_machine(self) -> None:
        for machine in ("x86_64", "aarch64"):
            (self.folder / f"api-{machine}.tar").touch()
        found = [file.name for file in archives_of("api", self.folder)]
        self.assertEqual(found, ["api-x86_64.tar", "api-aarch64.tar"])

    def test_a_machine_that_is_missing_is_named(self) -> None:
        (self.folder / "api-x86_64.tar").touch()
        with self.assertRaisesRegex(Trouble, "missing: .*api-aarch64.tar"):
            archives_of("api", self.folder)

    def test_the_image_for_gpus_is_for_one_machine(self) -> None:
        (self.folder / "llm-inference-cuda-x86_64.tar").touch()
        self.assertEqual(len(archives_of("llm-inference-cuda", self.folder)), 1)

    def test_an_image_that_there_is_not(self) -> None:
        with self.assertRaisesRegex(Trouble, "no image 'web'"):
            archives_of("web", self.folder)


class Published(unittest.TestCase):
    def asked(self, script: str) -> "str | None":
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "skopeo")
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(0o755)
            with mock.patch.dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}"):
                return digest_of("r/ondol/api:abc")

    def test_what_a_tag_stands_for(self) -> None:
        self.assertEqual(self.asked("echo sha256:1"), "sha256:1")

    def test_a_tag_that_there_is_not(self) -> None:
        # As skopeo says it of ECR's answer.
        said = "reading manifest abc in r/ondol/api: manifest unknown: Requested image not found"
        self.assertIsNone(self.asked(f"echo '{said}' >&2; exit 2"))

    def test_a_registry_that_is_away_is_no_missing_tag(self) -> None:
        with self.assertRaisesRegex(Trouble, "connection refused"):
            self.asked("echo 'connection refused' >&2; exit 1")


class Machines(unittest.TestCase):
    def test_what_is_in_a_file_must_be_what_its_name_says(self) -> None:
        check_machines("api", index("arm64", "amd64"))
        for wrong in (index("amd64"), index("amd64", "amd64"), index("amd64", "arm64", "arm64")):
            with self.subTest(wrong), self.assertRaises(Trouble):
                check_machines("api", wrong)
