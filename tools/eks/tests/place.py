"""Where things are, and what prod renders."""

from pathlib import Path
from typing import Any

import yaml

import charts
import environments
import images

ROOT = Path(__file__).resolve().parents[3]
EKS = ROOT / "deploy" / "eks"
TEMPLATES = tuple(sorted(file for file in EKS.glob("*.yaml") if file.name != "cluster.yaml"))
CONTROLLERS = EKS / "cluster"
DIGEST = f"sha256:{'a' * 64}"
IMAGES = ("api", "llm-inference", "llm-inference-cuda", "mcp", "ondol", "worker")
# A commit that looks like a number, as one in a hundred does.
KNOWN = {name: images.Image(f"registry.example.com/ondol/{name}", "985005400665", DIGEST) for name in IMAGES}


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


def values(release: str) -> dict[str, Any]:
    return yaml.safe_load((environments.FOLDER / "prod" / release / "values.yaml").read_text("utf-8"))


def rendered() -> dict[str, list[charts.Manifest]]:
    """What each release of ours is in prod."""
    found = {}
    for release in environments.environment("prod").releases():
        if release.image:
            own = {**values(release.name), **yaml.safe_load(images.text_of(release, KNOWN))}
            own["models"] = merged(values(release.name).get("models"), own.get("models"))
            own = {key: value for key, value in own.items() if value is not None}
            found[release.name] = charts.render(release.chart, own, release.name, release.namespace)
    return found


def merged(below: Any, above: Any) -> Any:
    """As Helm lays one values file over the other."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return below if above is None else above
    keys = [*below, *(key for key in above if key not in below)]
    return {key: merged(below.get(key), above.get(key)) for key in keys}


def chart_of(release: str) -> str:
    """Which chart a release of prod is of."""
    return environments.release(environments.FOLDER / "prod" / release / "release.yaml").chart
