"""Reads packages.json: which files we fetch, pinned by version, size and sha256.

It knows nothing of networks or caches. Addresses are absent on purpose: `resolve` asks pip for them, so that
a machine that reaches packages through a mirror or a folder of wheels needs no setting of ours.
"""

import json
import os
import sys
from pathlib import Path
from typing import Union

from environment import Environment, environment_for_this_machine
from trouble import Trouble
from wheel import Member, Wheel

LOCKFILE = Path(__file__).resolve().with_name("packages.json")

# What one entry comes to on this machine.
Package = Union[Wheel, Environment]


def load(path: Path = LOCKFILE) -> dict[str, dict]:
    """The packages by name, as written in the file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)["packages"]


def package_for_this_machine(name: str, packages: dict[str, dict]) -> Package:
    """What of package `name` runs here."""
    if name not in packages:
        raise Trouble(f"no package named '{name}' is pinned", f"choose one of: {', '.join(sorted(packages))}")
    entry = packages[name]
    if "environment" in entry:
        return environment_for_this_machine(name, entry)
    return wheel_for_this_machine(name, entry)


def wheel_for_this_machine(name: str, entry: dict) -> Wheel:
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
