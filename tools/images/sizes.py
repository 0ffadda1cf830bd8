"""How large the images are: what a node pulls, and what lies on its disk."""

import json
import tempfile
from pathlib import Path

from catalogue import Image
from run import run


def table(images: list[Image]) -> str:
    """In Markdown, for docs/images.md."""
    rows = [
        f"| `{image.name}` | {megabytes(pulled(image))} | {megabytes(unpacked(image))} |" for image in images
    ]
    return "\n".join(["| image | pulled, MB | on disk, MB |", "|---|---|---|", *rows])


def pulled(image: Image) -> int:
    """Compressed, as a registry keeps it."""
    with tempfile.TemporaryDirectory(prefix="ondol-size-") as folder:
        run("buildah", "push", "--quiet", "--format", "oci", image.tag, f"dir:{folder}")
        manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
    return sum(layer["size"] for layer in manifest["layers"])


def unpacked(image: Image) -> int:
    return int(run("podman", "image", "inspect", "--format", "{{.Size}}", image.tag))


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}" if size < 1e9 else f"{size / 1e6:,.0f}"
