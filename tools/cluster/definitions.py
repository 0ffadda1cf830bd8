"""The custom resources that charts and deploy/eks make, as their projects define them: from the Go modules
that are pinned in tools/charts/crds.py, which has the schemas for `./just test` from the same files."""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import programs
import whole

CHARTS = Path(__file__).resolve().parent.parent / "charts"
sys.path.append(str(CHARTS))

import crds  # noqa: E402

# What the charts name, and whoever runs a cluster makes.
STORE = crds.Source(*crds.SECRETS, "config/crds/bases/external-secrets.io_clustersecretstores.yaml", "v1")
SOURCES = (*crds.SOURCES, STORE)


def files(sources: "Sequence[crds.Source]" = SOURCES) -> "list[Path]":
    """A file for each definition, in the cache; what is not there yet is read out of its module."""
    for source, file in kept(sources):
        if not file.is_file():
            whole.write(file, json.dumps(crds.read(source, str(programs.go()))).encode())
    return [file for _, file in kept(sources)]


def missing() -> "list[Path]":
    return [file for _, file in kept(SOURCES) if not file.is_file()]


def kept(sources: "Sequence[crds.Source]") -> "list[tuple[crds.Source, Path]]":
    folder = programs.cache_folder() / "definitions"
    return [(source, folder / f"{digest(source)}-{Path(source.path).stem}.json") for source in sources]


def digest(source: "crds.Source") -> str:
    return hashlib.sha256("\n".join(source).encode()).hexdigest()[:12]
