"""The cache: which pinned files are on this machine, and how they get there.

    downloads/<name>.<wheel>.<sha256>.part   what has arrived of a wheel; deleted once unpacked
    packages/<name>-<version>-<digest>/   complete and verified, or absent: the wanted members of a wheel, or
                                          an environment, its launcher called <name> and its wheels in site/
    locks/<name>   held while a package is being fetched

With a warm cache neither pip nor the network is touched, and nothing but `lockfile` is imported: every recipe
of the justfile asks for paths, so asking has to be cheap. Checksums are verified when files enter; afterwards
only their sizes are looked at, of an environment the launcher's (`fetch.py verify` reads everything again).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lockfile import Package
from trouble import Trouble


def root() -> Path:
    """$ONDOL_CACHE, or the user's cache folder."""
    if chosen := os.environ.get("ONDOL_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ondol"


def folder_of(package: Package) -> Path:
    return root() / "packages" / f"{package.package}-{package.version}-{package.digest[:12]}"


def main_file(package: Package) -> Path:
    """The file that others want to know the path of."""
    return folder_of(package) / package.files[0][0]


def is_present(package: Package) -> bool:
    folder = folder_of(package)
    try:
        return all(os.stat(folder / name).st_size == size for name, size in package.files)
    except OSError:
        return False


def ensure(package: Package) -> Path:
    """The package's main file, fetched if it is not here yet."""
    if not is_present(package):
        with usable(), exclusive(package):
            # Whoever held the lock before us may have done the work.
            if not is_present(package):
                # Imported late: a warm cache should not pay for urllib and zipfile.
                from install import install

                install(package, root() / "downloads", folder_of(package))
    return main_file(package)


@contextmanager
def exclusive(package: Package) -> Iterator[None]:
    """Keeps a second fetch of the same package waiting; the lock dies with its process."""
    import fcntl
    import sys

    for name in ("downloads", "packages", "locks"):
        (root() / name).mkdir(parents=True, exist_ok=True)
    with open(root() / "locks" / package.package, "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{package.package}: another process is fetching it, waiting", file=sys.stderr, flush=True)
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
