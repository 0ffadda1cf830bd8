"""Reads what was unpacked and compares it with what was pinned."""

import base64
import csv
from collections.abc import Iterator
from pathlib import Path

from download import sha256_of
from environment import SITE, Environment
from install import place
from lockfile import Package


def damaged_files(package: Package, folder: Path) -> Iterator[Path]:
    """The files that are gone or not as they came."""
    for file, digest in contents(package, folder):
        if not file.is_file() or sha256_of(file) != digest:
            yield file


def contents(package: Package, folder: Path) -> Iterator[tuple[Path, str]]:
    """Every unpacked file and the sha256 it should have."""
    if not isinstance(package, Environment):
        for member in package.members:
            yield folder / member.name, member.sha256
        return
    for wheel in package.wheels:
        yield from recorded(folder / SITE, wheel.file)


def recorded(site: Path, wheel: str) -> Iterator[tuple[Path, str]]:
    """What a wheel says of its own members; that it was the pinned wheel was checked when it came."""
    project, version = wheel.split("-", 2)[:2]
    record = site / f"{project}-{version}.dist-info" / "RECORD"
    if not record.is_file():
        yield record, ""
        return
    with open(record, encoding="utf-8", newline="") as file:
        for member, digest, _size in csv.reader(file):
            target = place(member)
            if digest and target is not None:
                encoded = digest[len("sha256=") :]
                yield site / target, base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex()
