#!/usr/bin/env python3
"""Puts ONNX Runtime's library into a folder, with what it loads and the notices that go with both.

    library.py cpu|cuda FOLDER

Everything but zlib comes out of wheels that tools/fetch pins by checksum. The library lies there as
`libonnxruntime.so`; it finds its CUDA provider in its own folder.
"""

import os
import shutil
import sys
from pathlib import Path

from catalogue import CPU, CUDA, ZLIB
from run import Trouble, run

FETCH = Path(__file__).resolve().parent.parent / "fetch" / "fetch.py"
KINDS = {"cpu": CPU, "cuda": CUDA}


def main(words: list[str]) -> int:
    if len(words) != 2 or words[0] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    collect(KINDS[words[0]], Path(words[1]))
    return 0


def of_this_system(library: str) -> Path:
    """Where the machine keeps one of its own, whose package is Debian's or made from it."""
    folders = (Path(root) / f"{os.uname().machine}-linux-gnu" for root in ("/usr/lib", "/lib"))
    for folder in folders:
        if (folder / library).is_file():
            return folder / library
    raise Trouble(f"this machine has no {library}", f"apt install {ZLIB[1]}")


def collect(packages: tuple[str, ...], folder: Path) -> None:
    folder.mkdir(parents=True)
    for package in packages:
        main_file = Path(run(sys.executable, FETCH, "path", package).strip())
        for file in main_file.parent.iterdir():
            target = folder / name_of(package, file.name)
            shutil.copyfile(file, target)
            target.chmod(0o644)
    if packages == CUDA:
        shutil.copyfile(of_this_system(ZLIB[0]), folder / ZLIB[0])
        (folder / ZLIB[0]).chmod(0o644)


def name_of(package: str, file: str) -> str:
    """A library keeps its name, but for the version in ONNX Runtime's; notices say whose they are."""
    if file.startswith("libonnxruntime.so."):
        return "libonnxruntime.so"
    return file if ".so" in file else f"{package}-{file}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
