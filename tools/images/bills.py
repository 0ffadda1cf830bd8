#!/usr/bin/env python3
"""Writes the bill of materials of every image, and holds it against the program.

bills.py --metadata FILE --rustc FILE --programs FOLDER [--machine NAME] INTO
"""

import argparse
import os
import sys
from pathlib import Path

from catalogue import CUDA, ZLIB, Image, images_for
from run import Trouble, run

SBOM = Path(__file__).resolve().parent.parent / "sbom" / "sbom.py"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument("--rustc", type=Path, required=True)
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--machine", default=os.uname().machine)
    parser.add_argument("into", type=Path)
    chosen = parser.parse_args(words)
    try:
        write(images_for(chosen.machine), chosen.metadata, chosen.rustc, chosen.into, chosen.machine)
        for image in images_for(chosen.machine):
            check(image, chosen.into, chosen.programs)
    except Trouble as trouble:
        print(f"bills: {trouble}", file=sys.stderr)
        return 1
    return 0


def write(images: list[Image], metadata: Path, rustc: Path, into: Path, machine: str) -> None:
    wishes = [f"{image.name}={','.join((image.program, *parts_of(image)))}" for image in images]
    given = ["--metadata", metadata, "--rustc", rustc, "--machine", machine, "--into", into]
    run(sys.executable, SBOM, "make", *given, *wishes)


def parts_of(image: Image) -> list[str]:
    if image.beside != CUDA:
        return list(image.beside)
    version = run("dpkg-query", "--show", "--showformat=${Version}", ZLIB[1])
    return [*image.beside, f"deb:{ZLIB[1]}@{version}"]


def check(image: Image, bills: Path, programs: Path) -> None:
    run(sys.executable, SBOM, "check", bills / f"{image.name}.cdx.json", programs / image.program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
