"""Writes the images into files, so that another machine can publish them which did not build them.

What compiles runs other people's build scripts; what publishes may write to the registry. They are two jobs
in CI, and this is what passes between them.
"""

from pathlib import Path

from catalogue import Image
from run import run


def save(images: list[Image], machine: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for image in images:
        file = folder / f"{image.name}-{machine}.tar"
        file.unlink(missing_ok=True)
        run("buildah", "push", "--quiet", "--format", "oci", image.tag, f"oci-archive:{file}")
        copy_bill(image, folder / f"{image.name}-{machine}.cdx.json")
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def copy_bill(image: Image, into: Path) -> None:
    """Out of the image itself, so that what is signed as its bill is what lies in it."""
    container = run("podman", "create", image.tag).strip()
    try:
        run("podman", "cp", f"{container}:/usr/share/doc/ondol/{image.name}.cdx.json", into)
    finally:
        run("podman", "rm", container)
