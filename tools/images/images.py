#!/usr/bin/env python3
"""Builds the images, looks at them, starts them as Kubernetes would, and prints their sizes.

    images.py [--programs FOLDER] [--base local|pinned|IMAGE] [--cache REPOSITORY] [--only NAME]… [--cuda]
              [STEP…]

STEP is `build`, `look`, `try` or `sizes`, without one all of them; or `save`, which writes files that
publish.py puts into a registry.

--programs   takes programs that are built already (`cargo build --profile dist`); without it, the Dockerfile
             compiles them, which needs the registries that it names
--base       `local` (the default): of this machine's Debian packages; `pinned`: what the Dockerfile names
--cache      keeps what the Dockerfile compiles of dependencies at REGISTRY/PATH, for later builds on any
             machine; buildah must be logged in there, if the registry wants it
--into       where `save` writes: IMAGE-MACHINE.tar
--cuda       the image for NVIDIA GPUs too: a download of 1.4 GB, and only for x86_64
"""

import argparse
import os
import sys
from pathlib import Path

import build
import look
import save
import sizes
import smoke
from catalogue import CUDA, IMAGES, Image, images_for
from run import Trouble, demand

STEPS = ("build", "look", "try", "sizes")
LATER = ("save",)


def main(words: list[str]) -> int:
    try:
        chosen = parser().parse_args(words)
        if unknown := set(chosen.steps) - {*STEPS, *LATER}:
            parser().error(f"no such step: {', '.join(sorted(unknown))}")
        if chosen.programs and chosen.cache:
            parser().error("--cache is for what the Dockerfile compiles: with --programs it compiles nothing")
        demand("buildah", "podman")
        work(chosen, wanted(chosen))
    except Trouble as trouble:
        print(f"\nimages: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--programs", type=Path)
    found.add_argument("--base", default="local")
    found.add_argument("--cache", metavar="REPOSITORY")
    found.add_argument("--only", action="append", default=[], choices=[image.name for image in IMAGES])
    found.add_argument("--cuda", action="store_true")
    found.add_argument("--into", type=Path, default=Path("target/images"))
    found.add_argument("steps", nargs="*", metavar="STEP")
    return found


def wanted(chosen: argparse.Namespace) -> list[Image]:
    images = images_for(os.uname().machine)
    if chosen.only:
        return [image for image in images if image.name in chosen.only]
    return [image for image in images if chosen.cuda or image.beside != CUDA]


def work(chosen: argparse.Namespace, images: list[Image]) -> None:
    steps = chosen.steps or STEPS
    if "build" in steps:
        build.build(images, chosen.programs, chosen.base, os.uname().machine, chosen.cache)
    if "look" in steps:
        for image in images:
            look.look(image)
            print(
                f"{image.name}: no shell, no root, nothing that can be written, labels and bill of materials"
            )
    if "try" in steps:
        smoke.try_all(images)
    if "sizes" in steps:
        print(sizes.table(images))
    if "save" in steps:
        save.save(images, os.uname().machine, chosen.into)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
