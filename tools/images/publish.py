#!/usr/bin/env python3
"""Puts saved images into a registry: for each one tag for all machines, and a file with its digest.

    publish.py --from FOLDER --to PREFIX --tag TAG --digests FOLDER [--plain-http] [IMAGE…]

`images.py save` wrote the files IMAGE-MACHINE.tar in FOLDER. IMAGE goes to PREFIX/IMAGE:TAG, where PREFIX is
REGISTRY/PATH, and its digest into IMAGE.digest. buildah and skopeo must be logged in.

A tag that is there already stays what it is: a run that is run again, as something failed behind the first
images, goes on with those.
"""

import argparse
import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Optional

from catalogue import IMAGES, Image
from run import Trouble, demand, run

# What registries call the machines.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="source", type=Path, required=True)
    parser.add_argument("--to", dest="prefix", required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--digests", type=Path, required=True)
    parser.add_argument("--plain-http", action="store_true", help="for a registry on this machine")
    parser.add_argument("images", nargs="*")
    chosen = parser.parse_args(words)
    try:
        demand("buildah", "skopeo")
        chosen.digests.mkdir(parents=True, exist_ok=True)
        for name in chosen.images or [image.name for image in IMAGES]:
            publish(name, chosen)
    except Trouble as trouble:
        print(f"publish: {trouble}", file=sys.stderr)
        return 1
    return 0


def publish(name: str, chosen: argparse.Namespace) -> None:
    archives = archives_of(name, chosen.source)
    target = f"{chosen.prefix}/{name}:{chosen.tag}"
    digest = chosen.digests / f"{name}.digest"
    plain = ["--tls-verify=false"] if chosen.plain_http else []
    if published := digest_of(target, *plain):
        digest.write_text(published, encoding="utf-8")
        print(f"{target}@{published}: there already")
        return
    # A name of its own: an earlier run may have been ended before it took its list away.
    index = f"localhost/publish-{secrets.token_hex(4)}/{name}"
    run("buildah", "manifest", "create", index)
    try:
        for archive in archives:
            run("buildah", "manifest", "add", index, f"oci-archive:{archive}")
        check_machines(name, json.loads(run("buildah", "manifest", "inspect", index)))
        push = ("buildah", "manifest", "push", "--all", "--format", "oci", "--digestfile", digest, *plain)
        run(*push, index, f"docker://{target}")
    finally:
        run("buildah", "manifest", "rm", index)
    print(
        f"{target}@{digest.read_text(encoding='utf-8').strip()}: {', '.join(file.stem for file in archives)}"
    )


def digest_of(target: str, *flags: str) -> Optional[str]:
    """What a tag stands for; nothing where there is none."""
    command = ["skopeo", "inspect", *flags, "--format", "{{.Digest}}", f"docker://{target}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout.strip()
    # The registry's own words for it. Of anything else nobody knows whether the tag is there.
    if "manifest unknown" in done.stderr or "name unknown" in done.stderr:
        return None
    raise Trouble(f"cannot ask for {target}: {done.stderr.strip()}")


def check_machines(name: str, index: dict) -> None:
    """That each file is for the machine in its name: one for another would start nowhere."""
    expected = sorted(ARCHITECTURES[machine] for machine in image_of(name).machines)
    found = sorted(entry["platform"]["architecture"] for entry in index["manifests"])
    if found != expected:
        raise Trouble(f"{name} is for {', '.join(found)}, where {', '.join(expected)} was expected")


def image_of(name: str) -> Image:
    image = next((image for image in IMAGES if image.name == name), None)
    if image is None:
        raise Trouble(f"there is no image '{name}'", f"choose of: {', '.join(one.name for one in IMAGES)}")
    return image


def archives_of(name: str, folder: Path) -> list[Path]:
    """One for each machine that the image is for: what is missing must not go unnoticed."""
    found = [folder / f"{name}-{machine}.tar" for machine in image_of(name).machines]
    if missing := [str(file) for file in found if not file.is_file()]:
        raise Trouble(f"missing: {', '.join(missing)}", "build on every machine: ./just images … save")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
