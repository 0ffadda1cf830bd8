"""Where things are, and what prod renders."""

from pathlib import Path
from typing import Any

import yaml

import charts
import deployed
import environments

ROOT = Path(__file__).resolve().parents[3]
EKS = ROOT / "deploy" / "eks"
TEMPLATES = tuple(sorted(file for file in EKS.glob("*.yaml") if file.name != "cluster.yaml"))
CONTROLLERS = EKS / "cluster"


class CloudFormation(yaml.SafeLoader):
    """Short forms of functions as {"Ref": …}, {"Fn::Sub": …} and so on."""


def function(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


CloudFormation.add_multi_constructor("!", function)


def template(name: str) -> dict[str, Any]:
    return yaml.load((EKS / f"{name}.yaml").read_text("utf-8"), CloudFormation)


def resources(name: str, kind: str) -> list[dict[str, Any]]:
    found = template(name)["Resources"].values()
    return [resource["Properties"] for resource in found if resource["Type"] == kind]


def cluster() -> dict[str, Any]:
    return yaml.safe_load((EKS / "cluster.yaml").read_text("utf-8"))


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


def values(release: str, environment: str = "prod") -> dict[str, Any]:
    return yaml.safe_load((environments.FOLDER / environment / release / "values.yaml").read_text("utf-8"))


def rendered() -> dict[str, list[charts.Manifest]]:
    """What each release of ours is in prod."""
    releases = environments.environment("prod").releases()
    return {release.name: deployed.rendered("prod", release) for release in releases if release.image}


def chart_of(release: str) -> str:
    """Which chart a release of prod is of."""
    return environments.release(environments.FOLDER / "prod" / release / "release.yaml").chart
