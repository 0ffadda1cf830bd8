"""Lays programs that are built already out as the Dockerfile's stage `given` takes them.

programs/ bills/ library/ LICENSE revision, and library-cuda/ where that image is wanted
"""

import shutil
from pathlib import Path

import bills
import library
from catalogue import CPU, CUDA, Image
from run import Trouble, demand, run

ROOT = Path(__file__).resolve().parents[2]


def lay_out(programs: Path, images: list[Image], machine: str, revision: str, folder: Path) -> None:
    demand("strip")
    for program in dict.fromkeys(image.program for image in images):
        strip(programs / program, folder / "programs" / program)
    library.collect(CPU, folder / "library")
    if any(image.beside == CUDA for image in images):
        library.collect(CUDA, folder / "library-cuda")
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / "revision").write_text(f"{revision}\n", encoding="utf-8")
    write_bills(images, machine, folder)


def strip(program: Path, into: Path) -> None:
    """As the Dockerfile does: names of functions stay, for backtraces; all else that debuggers read goes."""
    if not program.is_file():
        raise Trouble(f"{program} is missing", "build it: cargo build --profile dist --locked --package NAME")
    into.parent.mkdir(parents=True, exist_ok=True)
    run("strip", "--strip-debug", "-o", into, program)
    into.chmod(0o755)


def write_bills(images: list[Image], machine: str, folder: Path) -> None:
    """Of the sources as they lie here: a program of other sources shows, as its crates are compared."""
    known = folder.with_name(f"{folder.name}-known")
    known.mkdir()
    host = run("rustc", "--print", "host-tuple").strip()
    manifest = ROOT / "Cargo.toml"
    said = run(
        "cargo",
        "metadata",
        "--locked",
        "--format-version=1",
        f"--filter-platform={host}",
        "--manifest-path",
        manifest,
    )
    (known / "metadata.json").write_text(said, encoding="utf-8")
    (known / "rustc.txt").write_text(run("rustc", "-vV"), encoding="utf-8")
    bills.write(images, known / "metadata.json", known / "rustc.txt", folder / "bills", machine)
    for image in images:
        bills.check(image, folder / "bills", folder / "programs")
