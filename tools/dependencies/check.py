#!/usr/bin/env python3
"""Checks what the workspace depends on: nothing unused, nothing foreign, no licence that is not allowed.

It stands in for cargo-machete and cargo-deny where those are not at hand: they take ten minutes to build, and
this takes a second. It asks `cargo metadata` for facts and reads the allowed licences from deny.toml. It does
not know of advisories: `./just lint-deps` and `./just advisories` run the real tools.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from licenses import allowed_licenses, satisfies

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "registry+"


def main() -> int:
    metadata = read_metadata()
    members = set(metadata["workspace_members"])
    allowed = allowed_licenses((ROOT / "deny.toml").read_text(encoding="utf-8"))
    faults = []
    for package in metadata["packages"]:
        if package["id"] in members:
            faults += unused_dependencies(package)
        else:
            faults += foreign_faults(package, allowed)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(metadata['packages'])} packages: none unused, none foreign, every licence allowed")
    return 1 if faults else 0


def read_metadata() -> dict:
    """The dependency graph for this system, without touching the network."""
    version = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = re.search(r"^host: (.+)$", version, re.MULTILINE).group(1)
    command = [
        "cargo",
        "metadata",
        "--locked",
        "--offline",
        "--format-version=1",
        f"--filter-platform={host}",
    ]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def foreign_faults(package: dict, allowed: set[str]) -> list[str]:
    title = f"{package['name']} {package['version']}"
    faults = []
    if not (package["source"] or "").startswith(REGISTRY):
        faults.append(
            f"{title}: comes from {package['source'] or 'a folder'}, and only registry crates are allowed"
        )
    if not satisfies(package["license"] or "", allowed):
        faults.append(f"{title}: its licence '{package['license']}' is not allowed by deny.toml")
    return faults


def unused_dependencies(package: dict) -> list[str]:
    """Dependencies whose name no Rust file of the package spells."""
    manifest = Path(package["manifest_path"])
    text = "\n".join(file.read_text(encoding="utf-8") for file in manifest.parent.rglob("*.rs"))
    spelled = set(re.findall(r"\w+", text))
    faults = []
    for dependency in package["dependencies"]:
        name = dependency["rename"] or dependency["name"]
        if name.replace("-", "_") not in spelled and name not in ignored(manifest):
            faults.append(f"{manifest.relative_to(ROOT)}: '{name}' is not used by any file of the crate")
    return faults


def ignored(manifest: Path) -> set[str]:
    """Names excused in the manifest, in the form that cargo-machete reads too."""
    text = manifest.read_text(encoding="utf-8")
    found = re.search(r"\[package\.metadata\.cargo-machete\]\s*ignored\s*=\s*\[(.*?)\]", text, re.DOTALL)
    return set(re.findall(r'"([^"]+)"', found.group(1))) if found else set()


if __name__ == "__main__":
    sys.exit(main())
