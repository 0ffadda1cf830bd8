#!/usr/bin/env python3
"""Says what is in a program that we ship: a software bill of materials in CycloneDX's JSON.

    sbom.py make --metadata FILE --rustc FILE --into FOLDER [--machine NAME] [BILL=]PROGRAM[,PART…]…
    sbom.py check SBOM PROGRAM

`make` reads what `cargo metadata` and `rustc -vV` printed, Cargo.lock (checksums) and
tools/fetch/packages.json, and writes one file for each program, called after it or as BILL says.
A PART is no crate and lies beside the program: a name in packages.json, or `deb:NAME@VERSION` of Debian. The
same input gives the same file, to the byte.

`check` reads a built program and names each crate that it speaks of and the bill lacks, and the compiler,
where the bill has another.

Exit codes: 0 done, 1 the bill is not complete, 2 wrong usage.
"""

import argparse
import json
import sys
from pathlib import Path

from document import bill
from evidence import missing
from graph import graph_of
from sources import Bundled, checksums, compiler, debian, wheel

ROOT = Path(__file__).resolve().parents[2]


def main(words: list[str]) -> int:
    arguments = parser().parse_args(words)
    return arguments.run(arguments)


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("make")
    make.add_argument("--metadata", type=Path, required=True)
    make.add_argument("--rustc", type=Path, required=True)
    make.add_argument("--into", type=Path, required=True)
    make.add_argument("--machine", default="x86_64")
    make.add_argument("programs", nargs="+")
    make.set_defaults(run=make_all)
    check = commands.add_parser("check")
    check.add_argument("sbom", type=Path)
    check.add_argument("program", type=Path)
    check.set_defaults(run=check_one)
    return whole


def make_all(arguments: argparse.Namespace) -> int:
    metadata = json.loads(arguments.metadata.read_text(encoding="utf-8"))
    sums = checksums((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    packages = json.loads((ROOT / "tools/fetch/packages.json").read_text(encoding="utf-8"))["packages"]
    rust = compiler(arguments.rustc.read_text(encoding="utf-8"))
    arguments.into.mkdir(parents=True, exist_ok=True)
    for wish in arguments.programs:
        *named, parts = wish.split("=", 1)
        program, *beside = parts.split(",")
        libraries = [part(name, packages, arguments.machine) for name in beside]
        document = bill(graph_of(metadata, program), sums, rust, libraries)
        file = arguments.into / f"{named[0] if named else program}.cdx.json"
        file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def part(name: str, packages: dict, machine: str) -> Bundled:
    """`deb:NAME@VERSION`, or a name of packages.json."""
    kind, colon, wish = name.partition(":")
    return debian(wish) if colon and kind == "deb" else wheel(packages[name], machine)


def check_one(arguments: argparse.Namespace) -> int:
    document = json.loads(arguments.sbom.read_text(encoding="utf-8"))
    faults = missing(document, arguments.program.read_bytes())
    for fault in faults:
        print(f"{arguments.sbom}: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
