"""What is known of a part beside cargo's graph: checksums, the compiler, and packages that are no crates."""

import re
from typing import NamedTuple


class Compiler(NamedTuple):
    """Its standard library is in every program."""

    version: str
    commit: str


class Bundled(NamedTuple):
    """A package of tools/fetch/packages.json, named as the index names it."""

    project: str
    version: str
    sha256: str


def checksums(lock: str) -> dict[tuple[str, str], str]:
    """By name and version. Cargo writes the file, always in this order; Python reads TOML only since 3.11."""
    entry = re.compile(
        r'^name = "([^"]+)"\nversion = "([^"]+)"\nsource = "[^"]+"\nchecksum = "([0-9a-f]{64})"$', re.M
    )
    return {(name, version): checksum for name, version, checksum in entry.findall(lock)}


def compiler(verbose: str) -> Compiler:
    """Out of `rustc -vV`."""
    said = dict(line.split(": ", 1) for line in verbose.splitlines() if ": " in line)
    return Compiler(said["release"], said["commit-hash"])


def bundled(entry: dict, machine: str) -> Bundled:
    wheel = entry["wheels"][machine]
    project = wheel["file"].split("-", 1)[0].replace("_", "-")
    return Bundled(project, entry["version"], wheel["sha256"])
