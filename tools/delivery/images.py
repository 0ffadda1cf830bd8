"""The images that an environment runs, by digest, in a values file beside each release.

A tag can be moved, so what counts is the digest; the tag is there for people, and says the commit.
"""

import re
from pathlib import Path
from typing import NamedTuple

from environments import Environment, Release
from trouble import Trouble

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
ENTRY = re.compile(r"^( *)repository: (\S+)\n\1tag: \"?([^\s\"]+)\"?\n\1digest: (\S+)$", re.MULTILINE)

# Where charts have images of ours besides the release's own: a path in the values, and which image it is.
BESIDES = {"llm-inference": {("models", "s3", "image"): "ondol"}}


class Image(NamedTuple):
    """As the charts want it."""

    repository: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        return self.repository.rsplit("/", 1)[-1]


def published(registry: str, tag: str, digests: Path) -> dict[str, Image]:
    """By name. `registry` is what all repositories begin with, `REGISTRY/ondol`."""
    found = {}
    for file in sorted(digests.glob("*.digest")):
        digest = file.read_text(encoding="utf-8").strip()
        if not DIGEST.fullmatch(digest):
            raise Trouble(f"{file} holds no digest: '{digest}'")
        found[file.stem] = Image(f"{registry}/{file.stem}", tag, digest)
    if not found:
        raise Trouble(f"no file IMAGE.digest in {digests}")
    return found


def read(environment: Environment) -> dict[str, Image]:
    """By name, over all releases, which must agree."""
    found: dict[str, Image] = {}
    for release in environment.releases():
        for image in written(release):
            if found.setdefault(image.name, image) != image:
                raise Trouble(f"{environment.name} runs two versions of {image.name}")
    return found


def written(release: Release) -> list[Image]:
    file = release.folder / "images.yaml"
    if not file.is_file():
        return []
    return [Image(*groups[1:]) for groups in ENTRY.findall(file.read_text(encoding="utf-8"))]


def tags(environment: Environment) -> set[str]:
    return {image.tag for release in environment.releases() for image in written(release)}


def references(environment: Environment) -> set[str]:
    return {f"{image.repository}@{image.digest}" for image in read(environment).values()}


def described(environment: Environment, changes: str) -> str:
    """Markdown. `changes` is where they can be read."""
    known = read(environment)
    lines = [f"| {name} | `{image.tag}` | `{image.digest}` |" for name, image in sorted(known.items())]
    return "\n".join(
        [
            f"With this {environment.name} runs these images, by the charts and values of this branch.",
            "",
            "| image | tag | digest |",
            "|---|---|---|",
            *lines,
            "",
            f"What changes: {changes}",
        ]
    )


def write(environment: Environment, known: dict[str, Image]) -> None:
    """Every release or none: an environment never runs half of a commit."""
    texts = {}
    for release in environment.releases():
        if release.image is not None:
            texts[release.folder / "images.yaml"] = text_of(release, known)
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")


def text_of(release: Release, known: dict[str, Image]) -> str:
    places = {("image",): release.image, **BESIDES.get(release.chart, {})}
    lines = ["# Written by tools/delivery, and overwritten by it."]
    for path, name in places.items():
        if name not in known:
            raise Trouble(
                f"{release.folder} runs {name}, which is not among {', '.join(sorted(known)) or 'none'}"
            )
        lines += [f"{'  ' * depth}{key}:" for depth, key in enumerate(path)]
        indent = "  " * len(path)
        image = known[name]
        # In quotes, as a commit may look like a number: 123456789012, 12345e678901.
        lines += [
            f"{indent}repository: {image.repository}",
            f'{indent}tag: "{image.tag}"',
            f"{indent}digest: {image.digest}",
        ]
    return "\n".join(lines) + "\n"
