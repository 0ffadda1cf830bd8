"""Moves a package of packages.json to another version: downloads its wheels and notes what is in them."""

import json
import re
import sys
import tempfile
import zipfile
from pathlib import Path

from download import sha256_of
from environment import Environment, parse
from lockfile import LOCKFILE, load, parse_wheel
from resolve import ask_pip, download_with_pip, exactly
from trouble import Trouble

MACHINES = ("x86_64", "aarch64")


def pin(name: str, version: str) -> None:
    """Rewrites the package's entry."""
    packages = load()
    if name not in packages:
        raise Trouble(
            f"no package named '{name}' is pinned", "write an entry by hand first, with any checksums"
        )
    entry = packages[name]
    if "environment" in entry:
        pin_environment(name, version, entry["environment"])
    else:
        pin_wheels(name, version, entry)
    entry["version"] = version
    text = json.dumps({"packages": packages}, indent=2, ensure_ascii=False)
    LOCKFILE.write_text(text + "\n", encoding="utf-8")


def pin_wheels(name: str, version: str, entry: dict) -> None:
    """File and member names stay as they are, but for the version in them."""
    for platform, wheel in entry["wheels"].items():
        print(f"pinning {name} {version} for {platform}", file=sys.stderr, flush=True)
        renamed = json.loads(json.dumps(wheel).replace(entry["version"], version))
        entry["wheels"][platform] = measure(name, version, renamed)


def pin_environment(name: str, version: str, entry: dict) -> None:
    """Has pip choose versions for the oldest Python, and takes the same ones for the others.

    So there is one version of each project, and only what is compiled comes in several builds. pip judges
    conditions such as "only before Python 3.11" by the Python that runs it, not by the one asked for: what
    only an older one needs has to stand among the requirements.
    """
    first, *others = (
        Environment(name, version, entry["module"], python, machine, ())
        for python in entry["pythons"]
        for machine in MACHINES
    )
    with tempfile.TemporaryDirectory() as folder:
        collect(first, [exact(wish, name, version) for wish in entry["requirements"]], folder)
        builds = [
            exactly(parse(wheel)) for wheel in measure_all(folder) if not wheel["file"].endswith("-any.whl")
        ]
        for target in others:
            if builds:
                collect(target, ["--no-deps", *builds], folder)
        entry["wheels"] = measure_all(folder)


def collect(target: Environment, wishes: list[str], folder: str) -> None:
    print(f"pinning {target.title} for Python {target.python}, {target.machine}", file=sys.stderr, flush=True)
    ask_pip(target, ["download", "--quiet", "--dest", folder, *wishes])


def measure_all(folder: str) -> list[dict]:
    return [
        {"file": found.name, "size": found.stat().st_size, "sha256": sha256_of(found)}
        for found in sorted(Path(folder).iterdir())
    ]


def exact(requirement: str, name: str, version: str) -> str:
    """The package's own requirement ("moto[s3]") gets the version; pip chooses the others'."""
    return f"{requirement}=={version}" if re.split(r"[^\w.-]", requirement)[0] == name else requirement


def measure(name: str, version: str, wheel: dict) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        found = download_with_pip(parse_wheel(name, version, wheel), Path(folder))
        members = [measure_member(found, member) for member in wheel["members"]]
        return {
            "file": wheel["file"],
            "size": found.stat().st_size,
            "sha256": sha256_of(found),
            "members": members,
        }


def measure_member(archive: Path, member: dict) -> dict:
    import hashlib

    with zipfile.ZipFile(archive) as wheel_file:
        content = wheel_file.read(member["path"])
    return {**member, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
