"""What projects have applied by whoever installs them, from their Go modules, at deploy/eks' versions."""

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

import definitions
import programs
import whole
from definitions import crds


class Install(NamedTuple):
    """`address` is where the same file is, for those who have no Go."""

    source: "crds.Source"
    address: str


ARGO_CD = Install(
    crds.Source(
        "github.com/argoproj/argo-cd/v3",
        "v3.6.1",
        "h1:OmhqeKiR3C//awbFrhQqFdtRI+Qiv17j8vqm3UkMj/g=",
        "manifests/install.yaml",
        "",
    ),
    "https://raw.githubusercontent.com/argoproj/argo-cd/v3.6.1/manifests/install.yaml",
)
# In its release the images have its version, where this says `latest`.
ROLLOUTS = Install(
    crds.Source(*crds.ROLLOUTS, "manifests/install.yaml", ""),
    "https://github.com/argoproj/argo-rollouts/releases/download/v1.10.2/install.yaml",
)


KNOWN = (ARGO_CD, ROLLOUTS)


def files() -> "list[Path]":
    return [file(install) for install in KNOWN]


def missing() -> "list[Path]":
    return [kept(install) for install in KNOWN if not kept(install).is_file()]


def file(install: Install) -> Path:
    """The file, read out of the module once."""
    source, target = install.source, kept(install)
    if not target.is_file():
        with zipfile.ZipFile(crds.zip_of(source, str(programs.go()))) as archive:
            whole.write(target, archive.read(f"{source.module}@{source.version}/{source.path}"))
    return target


def kept(install: Install) -> Path:
    name = install.source.module.split("/")[2]
    return programs.cache_folder() / "definitions" / f"{definitions.digest(install.source)}-{name}.yaml"


def manifests(install: Install, *kinds: str) -> "list[dict[str, Any]]":
    """Those of the kinds that are named."""
    found = yaml.load_all(file(install).read_text("utf-8"), Loader=yaml.CSafeLoader)
    return [manifest for manifest in found if manifest and manifest["kind"] in kinds]
