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
from look import configuration
from run import Trouble, demand, run

ROOT = Path(__file__).resolve().parents[2]
# The Dockerfile's stage that ends with all dependencies compiled.
COOKED = "cooked"


def build(
    images: list[Image], programs: Optional[Path], base_image: str, machine: str, cache: Optional[str] = None
) -> None:
    """`programs` are built already; with None the Dockerfile compiles them. images.py tells of the rest."""
    demand("buildah")
    arguments = {"ONDOL_COMMIT": commit(), "PARTS": "built"}
    if base_image == "local":
        print("on a base of this machine's packages", flush=True)
        arguments["BASE"] = base.build()
    elif base_image != "pinned":
        arguments["BASE"] = base_image
    if programs is None:
        if cache:
            cook(cache)
        return build_all(images, arguments, ROOT)
    with tempfile.TemporaryDirectory(prefix="ondol-images-") as folder:
        context = Path(folder) / "parts"
        context.mkdir()
        parts.lay_out(programs, images, machine, commit(), context)
        return build_all(images, {**arguments, "PARTS": "given"}, context)


def cook(cache: str) -> None:
    """Leaves the compiled dependencies among this machine's layers, where the images' builds find them."""
    print(f"compiling dependencies, or taking them from {cache}", flush=True)
    if subprocess.run(cook_command(cache), stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise Trouble(
            "buildah could not compile the dependencies", "see above; without --cache, no registry is asked"
        )


def cook_command(cache: str) -> list[str]:
    """No later layer goes to the registry: those are others for each commit."""
    return [*buildah(), "--target", COOKED, "--cache-from", cache, "--cache-to", cache, str(ROOT)]


def commit() -> str:
    return run("git", "-C", ROOT, "rev-parse", "--short=12", "HEAD").strip()


def labels() -> dict[str, str]:
    """The time is the commit's, so that the same commit makes the same image."""
    version = next(
        line.split('"')[1]
        for line in (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("version = ")
    )
    created = datetime.fromtimestamp(seconds(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    # Where the sources are, only those know who publish.
    source = os.environ.get("ONDOL_SOURCE", "")
    said = {"version": version, "revision": commit(), "created": created, "source": source}
    return {f"org.opencontainers.image.{name}": value for name, value in said.items()}


def seconds() -> int:
    return int(run("git", "-C", ROOT, "log", "-1", "--format=%ct"))


def build_all(images: list[Image], arguments: dict[str, str], context: Path) -> None:
    said = labels()
    for image in images:
        print(f"building {image.tag}", flush=True)
        # Shown as it goes: a first build compiles for a long time.
        command = command_for(image, arguments, said, context)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise Trouble(
                f"buildah could not build {image.name}",
                "see above; without registries: --base local --programs FOLDER",
            )
        check_labels(image, said, configuration(image).get("Labels") or {})


def check_labels(image: Image, said: dict[str, str], found: dict[str, str]) -> None:
    """That none came out of a cache."""
    if wrong := [f"{name}={found.get(name)}" for name, value in said.items() if found.get(name) != value]:
        raise Trouble(f"{image.name} is labelled {', '.join(wrong)}", f"buildah rmi {image.tag}, and again")


def command_for(image: Image, arguments: dict[str, str], said: dict[str, str], context: Path) -> list[str]:
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    labelled = [word for name, value in said.items() for word in ("--label", f"{name}={value}")]
    # What compiles is worth watching; what only copies is not.
    quiet = ["--quiet"] if arguments["PARTS"] == "given" else []
    target = ("--target", image.name, "--tag", image.tag)
    return [*buildah(), *quiet, *target, *given, *labelled, str(context)]


def buildah() -> tuple[str, ...]:
    """What all builds are told, so that each finds the others' layers."""
    return (
        *("buildah", "bud", "--layers", "--format", "oci"),
        # chroot suffices for what runs while we build, and needs nothing of the machine.
        *("--isolation", "chroot", "--timestamp", str(seconds())),
        *("--file", str(ROOT / "Dockerfile")),
    )
