"""Moves a package of packages.json to another version: downloads its wheels and notes what is in them."""

import json
import sys
import tempfile
import zipfile
from pathlib import Path

from download import sha256_of
from lockfile import LOCKFILE, load, parse_wheel
from resolve import download_with_pip
from trouble import Trouble


def pin(name: str, version: str) -> None:
    """Rewrites the package's entry. File and member names stay as they are, but for the version in them."""
    packages = load()
    if name not in packages:
        raise Trouble(
            f"no package named '{name}' is pinned", "write an entry by hand first, with any checksums"
        )
    entry = packages[name]
    for platform, wheel in entry["wheels"].items():
        print(f"pinning {name} {version} for {platform}", file=sys.stderr, flush=True)
        renamed = json.loads(json.dumps(wheel).replace(entry["version"], version))
        entry["wheels"][platform] = measure(name, version, renamed)
    entry["version"] = version
    text = json.dumps({"packages": packages}, indent=2, ensure_ascii=False)
    LOCKFILE.write_text(text + "\n", encoding="utf-8")


def measure(name: str, version: str, wheel: dict) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        found = download_with_pip(parse_wheel(name, version, wheel), Path(folder))
        members = [measure_member(found, member["path"]) for member in wheel["members"]]
        return {
            "file": wheel["file"],
            "size": found.stat().st_size,
            "sha256": sha256_of(found),
            "members": members,
        }


def measure_member(archive: Path, path: str) -> dict:
    import hashlib

    with zipfile.ZipFile(archive) as wheel_file:
        content = wheel_file.read(path)
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
