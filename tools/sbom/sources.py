"""What is known of a part beside cargo's graph: checksums, the compiler, and packages that are no crates."""

import re
from typing import NamedTuple, Optional
from urllib.parse import quote


class Compiler(NamedTuple):
    """Its standard library is in every program."""

    version: str
    commit: str


class Bundled(NamedTuple):
    """What is no crate and lies beside the program."""

    name: str
    version: str
    purl: str
    sha256: Optional[str] = None


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


def wheel(entry: dict, machine: str) -> Bundled:
    """A package of tools/fetch/packages.json, named as the index names it."""
    found = entry["wheels"][machine]
    project = found["file"].split("-", 1)[0].replace("_", "-")
    return Bundled(project, entry["version"], f"pkg:pypi/{project}@{entry['version']}", found["sha256"])


def debian(wish: str) -> Bundled:
    """A library of Debian's, as `NAME@VERSION`."""
    name, version = wish.split("@", 1)
    return Bundled(name, version, f"pkg:deb/debian/{name}@{quote(version, safe='')}")
