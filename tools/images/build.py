"""Builds the images with buildah."""

import os
import subprocess
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Optional

import base
import parts
from catalogue import Image
from run import Trouble, demand, run

ROOT = Path(__file__).resolve().parents[2]
TIME = "%Y-%m-%dT%H:%M:%SZ"


def build(images: list[Image], programs: Optional[Path], base_image: str, machine: str) -> None:
    """`programs` are built already; with None the Dockerfile compiles them. `base_image`: see images.py."""
    demand("buildah")
    arguments = described()
    if base_image == "local":
        print("making a base of this machine's packages", flush=True)
        arguments["BASE"] = base.build()
    elif base_image != "pinned":
        arguments["BASE"] = base_image
    if programs is None:
        return build_all(images, arguments, ROOT)
    with tempfile.TemporaryDirectory(prefix="ondol-images-") as folder:
        context = Path(folder) / "parts"
        context.mkdir()
        parts.lay_out(programs, images, machine, context)
        return build_all(images, {**arguments, "PARTS": "given"}, context)


def described() -> dict[str, str]:
    """What the labels say. The time is the commit's, so that the same commit makes the same image."""
    seconds = int(run("git", "-C", ROOT, "log", "-1", "--format=%ct"))
    version = next(
        line.split('"')[1]
        for line in (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("version = ")
    )
    return {
        "ONDOL_COMMIT": run("git", "-C", ROOT, "rev-parse", "--short=12", "HEAD").strip(),
        "VERSION": version,
        "CREATED": datetime.fromtimestamp(seconds, timezone.utc).strftime(TIME),
        # Where the sources are, which only those who publish know.
        "SOURCE": os.environ.get("ONDOL_SOURCE", ""),
    }


def build_all(images: list[Image], arguments: dict[str, str], context: Path) -> None:
    for image in images:
        print(f"building {image.tag}", flush=True)
        command = command_for(image, arguments, context)
        # Shown as it goes: a first build compiles for a long time.
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise Trouble(
                f"buildah could not build {image.name}",
                "see above; without registries: --base local --programs FOLDER",
            )


def command_for(image: Image, arguments: dict[str, str], context: Path) -> list[str]:
    created = datetime.strptime(arguments["CREATED"], TIME).replace(tzinfo=timezone.utc)
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    return [
        *("buildah", "bud", "--layers", "--format", "oci"),
        # What compiles is worth watching; what only copies is not.
        *(["--quiet"] if arguments.get("PARTS") == "given" else []),
        # chroot suffices for what runs while we build, and needs nothing of the machine.
        *("--isolation", "chroot", "--timestamp", str(int(created.timestamp()))),
        *("--file", str(ROOT / "Dockerfile"), "--target", image.name, "--tag", image.tag),
        *given,
        str(context),
    ]
