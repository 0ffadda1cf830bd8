"""What we ask of pip, and what its failures are turned into."""

import importlib.util
import json
import os
import sys
import unittest
from unittest import mock

import cache
import resolve
from trouble import Trouble

from .stage import CONTENT, Stage


class Resolve(Stage):
    @unittest.skipUnless(importlib.util.find_spec("pip"), "this Python has no pip")
    def test_real_pip_finds_a_wheel_in_a_folder(self) -> None:
        (self.folder / self.wheel.file).write_bytes(self.content)
        with mock.patch.dict(os.environ, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder)}):
            self.assertEqual(cache.ensure(self.wheel).read_bytes(), CONTENT)

    @unittest.skipUnless(importlib.util.find_spec("pip"), "this Python has no pip")
    def test_real_pip_without_the_wheel(self) -> None:
        with mock.patch.dict(os.environ, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder)}):
            self.assert_trouble("does not offer demo-1.0-py3-none-any.whl")

    def test_a_python_without_pip(self) -> None:
        bare = self.folder / "python"
        # Without site-packages there is no pip, whatever this machine has installed.
        bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
        bare.chmod(0o755)
        with mock.patch("sys.executable", str(bare)):
            self.assert_trouble("has no pip", "apt install python3-pip")

    def test_an_old_pip(self) -> None:
        self.pip_says(2, "", "no such option: --report")
        self.assert_trouble("22.2 or newer")

    def test_no_network(self) -> None:
        self.pip_says(1, "", "Temporary failure in name resolution\nERROR: No matching distribution found")
        self.assert_trouble("no network?", "mirror")

    def test_a_mirror_with_another_file(self) -> None:
        info = {"url": "http://127.0.0.1/x", "archive_info": {"hashes": {"sha256": "f00"}}}
        self.pip_says(0, json.dumps({"install": [{"metadata": {"name": "Demo"}, "download_info": info}]}), "")
        self.assert_trouble(f"expected sha256 {self.wheel.sha256}, got f00")

    def test_an_unreadable_report(self) -> None:
        self.pip_says(0, "{}", "")
        self.assert_trouble("could not be read")

    def test_the_tags_in_the_file_name_select_the_build(self) -> None:
        file = "x-1-cp312-cp312-manylinux_2_28_x86_64.manylinux_2_31_x86_64.whl"
        arguments = resolve.tag_arguments(self.wheel._replace(file=file))
        self.assertEqual(arguments[arguments.index("--python-version") + 1], "3.12")
        self.assertEqual(
            arguments[-4:], ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_31_x86_64"]
        )

    def pip_says(self, code: int, stdout: str, stderr: str) -> None:
        done = mock.Mock(returncode=code, stdout=stdout, stderr=stderr)
        self.patch(mock.patch("subprocess.run", return_value=done))

    def assert_trouble(self, *parts: str) -> None:
        with self.assertRaises(Trouble) as caught:
            resolve.resolve(self.wheel)
        for part in parts:
            self.assertIn(part, str(caught.exception))
