"""What is published, and what is refused before anything is."""

import tempfile
import unittest
from pathlib import Path

from publish import archives_of, check_machines
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


class Machines(unittest.TestCase):
    def test_what_is_in_a_file_must_be_what_its_name_says(self) -> None:
        check_machines("api", index("arm64", "amd64"))
        for wrong in (index("amd64"), index("amd64", "amd64"), index("amd64", "arm64", "arm64")):
            with self.subTest(wrong), self.assertRaises(Trouble):
                check_machines("api", wrong)
