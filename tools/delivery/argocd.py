"""What Argo CD is told once: the project, and the set of applications that follows deploy/env."""

import re
from pathlib import Path

from environments import FOLDER, ROOT, environment

MANIFESTS = ROOT / "deploy" / "argocd"
# What the files say in place of the repository's URL, which only who installs knows.
PLACE = "REPOSITORY_URL"


def manifests(repository: str, environments: list[str], folder: Path = FOLDER) -> str:
    """Of an environment that is not named nothing is made: each cluster's Argo CD has its own."""
    known = [environment(name, folder).name for name in environments]
    project = (MANIFESTS / "project.yaml").read_text(encoding="utf-8")
    applications = (MANIFESTS / "applicationset.yaml").read_text(encoding="utf-8")
    applications = re.sub(
        r"( *)- path: deploy/env/\*/environment\.yaml\n",
        lambda found: "".join(f"{found[1]}- path: deploy/env/{name}/environment.yaml\n" for name in known),
        applications,
    )
    return f"{project}---\n{applications}".replace(PLACE, repository)
