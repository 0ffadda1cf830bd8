"""Many wheels in one folder, and what runs upon them."""

import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from unittest import mock, skipUnless

import cache
import fetch
import pin
from environment import environment_for_this_machine, fitting
from trouble import Trouble

from .stage import Stage, pack

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TAG = PYTHON.replace("3.", "cp3")
MACHINE = os.uname().machine

TOOL = "tool-1.0-py3-none-any.whl"
COMPILED = f"very_fast-2.0-{TAG}-{TAG}-manylinux_2_17_{MACHINE}.whl"
ALIEN = "very_fast-2.0-cp399-cp399-manylinux_2_17_alien.whl"

WHEELS = {
    TOOL: pack(
        TOOL,
        {
            "tool/__init__.py": b"",
            "tool/server.py": b"import sys, very_fast\nprint(very_fast.word, sys.argv[1:])\n",
            "tool/greedy.py": b"import installed\n",
            "tool/bin/helper": b"#!/bin/sh\n",
            "tool-1.0.data/scripts/tool": b"#!python\n",
            "tool-1.0.data/purelib/tool/data.txt": b"data",
        },
        requires="very-fast",
    ),
    COMPILED: pack(COMPILED, {"very_fast.py": b"word = 'fast'\n"}),
    ALIEN: pack(ALIEN, {"very_fast.py": b"word = 'alien'\n"}),
}


def entry() -> dict:
    """As packages.json has it."""
    wheels = [
        {"file": file, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for file, content in WHEELS.items()
    ]
    return {
        "version": "1.0",
        "for": "tests",
        "environment": {
            "module": "tool.server",
            "requirements": ["tool"],
            "pythons": [PYTHON],
            "wheels": wheels,
        },
    }


class EnvironmentStage(Stage):
    def setUp(self) -> None:
        super().setUp()
        self.index = self.folder / "index"
        self.index.mkdir()
        for file, content in WHEELS.items():
            (self.index / file).write_bytes(content)
        self.entry = entry()
        self.environment = environment_for_this_machine("tool", self.entry)
        self.patch(mock.patch.dict(os.environ, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index)}))

    def resolve_to_index(self) -> mock.Mock:
        urls = [(self.index / wheel.file).as_uri() for wheel in self.environment.wheels]
        return self.patch(mock.patch("install.resolve", return_value=urls))

    def packages(self) -> None:
        """Has packages.json hold our environment alone."""
        lockfile = self.folder / "packages.json"
        lockfile.write_text(json.dumps({"packages": {"tool": self.entry}}))
        self.patch(mock.patch("pin.LOCKFILE", lockfile))
        for module in ("fetch", "pin"):
            load = mock.patch(f"{module}.load", lambda: json.loads(lockfile.read_text())["packages"])
            self.patch(load)


class Fetch(EnvironmentStage):
    @skipUnless(importlib.util.find_spec("pip"), "this Python has no pip")
    def test_real_pip_finds_every_wheel_in_a_folder(self) -> None:
        launcher = cache.ensure(self.environment)
        self.assertEqual(self.run_launcher(launcher, "-p", "1").stdout, "fast ['-p', '1']\n")

    @skipUnless(importlib.util.find_spec("pip"), "this Python has no pip")
    def test_real_pip_without_one_of_the_wheels(self) -> None:
        (self.index / COMPILED).unlink()
        self.assert_trouble("does not offer every wheel of tool 1.0", "very-fast==2.0")

    def test_unpacks_what_can_be_imported_and_no_scripts(self) -> None:
        self.resolve_to_index()
        folder = cache.ensure(self.environment).parent
        self.assertEqual(sorted(file.name for file in folder.iterdir()), ["site", "tool"])
        self.assertEqual((folder / "site/tool/data.txt").read_bytes(), b"data")
        self.assertEqual([file for file in folder.rglob("*") if "scripts" in file.parts], [])
        self.assertEqual(self.parts(), [])

    def test_programs_stay_programs(self) -> None:
        self.resolve_to_index()
        folder = cache.ensure(self.environment).parent / "site" / "tool"
        self.assertTrue(os.access(folder / "bin" / "helper", os.X_OK))
        self.assertFalse(os.access(folder / "data.txt", os.X_OK))

    def test_a_warm_cache_asks_nobody(self) -> None:
        resolve = self.resolve_to_index()
        first = cache.ensure(self.environment)
        resolve.reset_mock()
        self.assertEqual(cache.ensure(self.environment), first)
        resolve.assert_not_called()

    def test_what_is_installed_on_the_machine_is_not_seen(self) -> None:
        self.resolve_to_index()
        self.environment = self.environment._replace(module="tool.greedy")
        (self.folder / "installed.py").write_text("")
        with mock.patch.dict(os.environ, {"PYTHONPATH": str(self.folder)}):
            done = self.run_launcher(cache.ensure(self.environment))
        self.assertIn("No module named 'installed'", done.stderr)

    def test_goes_on_with_the_wheels_that_are_missing(self) -> None:
        self.resolve_to_index()
        (self.index / COMPILED).rename(self.folder / COMPILED)
        self.assert_trouble(COMPILED, "folder of wheels")
        self.assertFalse(cache.is_present(self.environment))
        (self.folder / COMPILED).rename(self.index / COMPILED)
        (self.index / TOOL).unlink()
        self.assertTrue(cache.ensure(self.environment).is_file())

    def test_a_wrong_checksum_makes_no_environment(self) -> None:
        self.resolve_to_index()
        (self.index / COMPILED).write_bytes(WHEELS[COMPILED][:-1] + b"!")
        self.assert_trouble(f"the checksum of {COMPILED} is wrong")
        self.assertFalse(cache.folder_of(self.environment).exists())

    def test_refuses_to_unpack_without_room(self) -> None:
        self.resolve_to_index()
        with mock.patch("install.require_free_space", side_effect=Trouble("1 MB free", "free some")):
            self.assert_trouble("1 MB free")
        self.assertEqual(len(self.parts()), 2, "the downloads were thrown away")
        self.assertEqual(list((self.folder / "cache/packages").iterdir()), [])

    def test_the_launcher_refuses_another_python(self) -> None:
        self.resolve_to_index()
        self.environment = self.environment._replace(python="2.0")
        done = self.run_launcher(cache.ensure(self.environment))
        self.assertEqual(done.returncode, 1)
        self.assertIn("tool 1.0 was fetched for Python 2.0: run tools/fetch/fetch.py", done.stderr)

    def test_every_python_has_a_folder_of_its_own(self) -> None:
        other = self.environment._replace(python="2.0")
        self.assertNotEqual(cache.folder_of(other), cache.folder_of(self.environment))

    def run_launcher(self, launcher, *arguments: str):
        # The launcher looks for python3, which on this machine may be another Python than the one that tests.
        here = self.folder / "bin"
        here.mkdir()
        (here / "python3").symlink_to(sys.executable)
        path = f"{here}:{os.environ['PATH']}"
        with mock.patch.dict(os.environ, {"PATH": path}):
            return subprocess.run([launcher, *arguments], capture_output=True, text=True, check=False)

    def assert_trouble(self, *parts: str) -> None:
        with self.assertRaises(Trouble) as caught:
            cache.ensure(self.environment)
        for part in parts:
            self.assertIn(part, str(caught.exception))


class Verify(EnvironmentStage):
    def setUp(self) -> None:
        super().setUp()
        self.resolve_to_index()
        self.packages()
        self.site = cache.ensure(self.environment).parent / "site"

    def test_an_untouched_environment_is_good(self) -> None:
        (self.site / "tool/__pycache__").mkdir()
        (self.site / "tool/__pycache__/server.pyc").write_bytes(b"")
        self.assertEqual(self.verify(), (0, "tool 1.0: good\n"))

    def test_a_changed_file_is_named(self) -> None:
        (self.site / "very_fast.py").write_text("word = 'slow'")
        self.assertEqual(self.verify(), (1, ""))
        self.assertIn(f"{self.site / 'very_fast.py'} is damaged", self.said.getvalue())

    def test_a_missing_file_is_named(self) -> None:
        (self.site / "tool/data.txt").unlink()
        self.assertEqual(self.verify(), (1, ""))
        self.assertIn("data.txt is damaged", self.said.getvalue())

    def test_a_wheel_whose_list_is_gone_is_damaged(self) -> None:
        (self.site / "tool-1.0.dist-info/RECORD").unlink()
        self.assertEqual(self.verify(), (1, ""))

    def verify(self) -> tuple:
        with redirect_stdout(io.StringIO()) as out:
            return fetch.main(["verify"]), out.getvalue()


class Choice(EnvironmentStage):
    def test_every_python_and_machine_gets_what_was_built_for_it(self) -> None:
        builds = [
            "a-1-cp39-abi3-manylinux_2_28_x86_64.whl",
            "a-1-cp311-abi3-manylinux_2_28_x86_64.whl",
            "a-1-cp313-cp313-manylinux1_x86_64.manylinux_2_28_x86_64.whl",
            "a-1-cp39-abi3-manylinux_2_28_aarch64.whl",
        ]
        for python, machine, expected in (
            ("3.8", "x86_64", []),
            ("3.9", "x86_64", builds[:1]),
            ("3.10", "x86_64", builds[:1]),
            ("3.12", "x86_64", builds[1:2]),
            ("3.13", "x86_64", builds[2:3]),
            ("3.14", "x86_64", builds[1:2]),
            ("3.13", "aarch64", builds[3:]),
            ("3.13", "riscv64", []),
        ):
            with self.subTest(python=python, machine=machine):
                found = fitting([{"file": file} for file in builds], python, machine)
                self.assertEqual([wheel["file"] for wheel in found], expected)

    def test_a_compiled_wheel_is_preferred(self) -> None:
        builds = ["a-1-py2.py3-none-any.whl", "a-1-cp312-cp312-manylinux_2_28_x86_64.whl"]
        self.assertEqual(
            fitting([{"file": file} for file in builds], "3.12", "x86_64"), [{"file": builds[1]}]
        )
        self.assertEqual(
            fitting([{"file": file} for file in builds], "3.13", "x86_64"), [{"file": builds[0]}]
        )

    def test_another_python_is_told_which_ones_are_served(self) -> None:
        self.entry["environment"]["pythons"] = ["3.98", "3.99"]
        self.assert_trouble("tool 1.0 runs on Python 3.98, 3.99", "first in PATH")

    def test_another_machine_is_told_what_it_lacks(self) -> None:
        with mock.patch("os.uname", return_value=mock.Mock(machine="riscv64")):
            self.assert_trouble("needs very-fast, which is not published for riscv64")

    def test_another_system_is_no_linux(self) -> None:
        with mock.patch("sys.platform", "darwin"):
            self.assert_trouble("not published for darwin", "use Linux")

    def test_the_list_leaves_it_out(self) -> None:
        self.entry["environment"]["pythons"] = ["3.99"]
        self.packages()
        with redirect_stdout(io.StringIO()) as out:
            self.assertEqual(fetch.main(["list"]), 0)
        self.assertIn("not for this machine: tool 1.0 runs on Python 3.99", out.getvalue())

    def assert_trouble(self, *parts: str) -> None:
        with self.assertRaises(Trouble) as caught:
            environment_for_this_machine("tool", self.entry)
        for part in parts:
            self.assertIn(part, str(caught.exception))


@skipUnless(importlib.util.find_spec("pip"), "this Python has no pip")
class Pin(EnvironmentStage):
    def test_notes_the_wheels_for_every_python_and_machine(self) -> None:
        self.entry["environment"].update(pythons=["3.50", "3.51"], wheels=[])
        self.packages()
        builds = [
            f"very_fast-2.0-{tag}-{tag}-manylinux_2_28_{machine}.whl"
            for tag in ("cp350", "cp351")
            for machine in ("aarch64", "x86_64")
        ]
        for file in builds:
            (self.index / file).write_bytes(pack(file, {}))
        # pip reads this much of it only for another Python: a newer version must not slip in.
        newer = "very_fast-3.0-cp351-cp351-manylinux_2_28_x86_64.whl"
        (self.index / newer).write_bytes(pack(newer, {}))
        self.assertEqual(fetch.main(["pin", "tool", "1.0"]), 0)
        wheels = pin.load()["tool"]["environment"]["wheels"]
        self.assertEqual([wheel["file"] for wheel in wheels], [TOOL, *builds])
        self.assertEqual(wheels[0]["sha256"], hashlib.sha256(WHEELS[TOOL]).hexdigest())

    def test_an_unknown_version_is_named(self) -> None:
        self.packages()
        self.assertEqual(fetch.main(["pin", "tool", "9.9"]), 1)
        self.assertIn("does not offer every wheel of tool 9.9", self.said.getvalue())

    def test_only_the_package_itself_is_held_to_the_version(self) -> None:
        self.assertEqual(pin.exact("tool[extra]", "tool", "1.0"), "tool[extra]==1.0")
        self.assertEqual(pin.exact("tool-box", "tool", "1.0"), "tool-box")
