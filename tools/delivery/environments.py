"""What lies below deploy/env: a folder for each environment, in it one for each release of a chart.

    ENVIRONMENT/environment.yaml     where it is, and which branch it follows
    ENVIRONMENT/RELEASE/release.yaml  which chart, in which namespace, with which of our images
    ENVIRONMENT/RELEASE/values.yaml   what people write
    ENVIRONMENT/RELEASE/images.yaml   what `take` and `promote` write

The first two are read by Argo CD's ApplicationSet as well. They are flat on purpose, `key: value` a line:
Python has no YAML of its own.
"""

import re
from pathlib import Path
from typing import NamedTuple, Optional

from trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "env"


class Release(NamedTuple):
    """`image` is None where all images are others', as the charts pin them."""

    folder: Path
    chart: str
    namespace: str
    image: Optional[str]

    @property
    def name(self) -> str:
        return self.folder.name


class Environment(NamedTuple):
    """A folder of deploy/env."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def facts(self) -> dict[str, str]:
        return flat(self.folder / "environment.yaml")

    def releases(self) -> list[Release]:
        return [release(file) for file in sorted(self.folder.glob("*/release.yaml"))]


def environment(name: str, folder: Path = FOLDER) -> Environment:
    known = sorted(file.parent.name for file in folder.glob("*/environment.yaml"))
    if name not in known:
        raise Trouble(f"there is no environment '{name}'", f"choose one of: {', '.join(known)}")
    return Environment(folder / name)


def release(file: Path) -> Release:
    facts = flat(file)
    try:
        return Release(file.parent, facts["chart"], facts["namespace"], facts.get("image"))
    except KeyError as error:
        raise Trouble(f"{file} says nothing of {error}") from error


def flat(file: Path) -> dict[str, str]:
    facts = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            key, colon, value = line.partition(": ")
            if not colon or not re.fullmatch(r"\w+", key):
                raise Trouble(f"{file}: '{line}' is not `key: value`")
            facts[key] = value.strip().strip('"')
    return facts
