"""Whether an API server would take a manifest: its schema, strictly, and what servers check besides."""

import ipaddress
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from charts import Manifest, pods

KUBERNETES = ("1.35", "1.36", "1.37")
SCHEMAS = Path(str(files("kubernetes_validate"))) / "kubernetes-json-schema"
CRDS = Path(__file__).resolve().parent / "schemas" / "crds"

SERVICE = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KEY = re.compile(r"(?P<prefix>[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
UNITS = {None: 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
UNITS.update({unit: 1024**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), start=1)})


def problems(manifests: list[Manifest], version: str) -> list[str]:
    """What a server of this version of Kubernetes would say to them."""
    found = []
    for manifest in manifests:
        label = f"{manifest.get('kind')} {manifest.get('metadata', {}).get('name')}"
        found.extend(f"{label}: {problem}" for problem in of_schema(manifest, version))
        found.extend(f"{label}: {problem}" for problem in of_metadata(manifest))
        found.extend(f"{label}: {problem}" for problem in of_addresses(manifest))
        found.extend(f"{label}: {problem}" for problem in of_ingress(manifest))
    for label, template in pods(manifests):
        found.extend(f"{label}: {problem}" for problem in of_schema(pod_template(template), version))
        found.extend(f"{label}: {problem}" for problem in of_pod(template))
    identities = [(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in manifests]
    found.extend(f"{one[0]} {one[2]} is there twice" for one in identities if identities.count(one) > 1)
    return found


def pod_template(template: Manifest) -> Manifest:
    """On its own: the kinds of others say less of it than Kubernetes does."""
    return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "template"}, "template": template}


def of_schema(manifest: Manifest, version: str) -> Iterator[str]:
    for error in validator(manifest["apiVersion"], manifest["kind"], version).iter_errors(manifest):
        place = ".".join(str(step) for step in error.absolute_path)
        yield f"{place}: {error.message[:300]}"


@cache
def validator(api_version: str, kind: str, version: str) -> Draft202012Validator:
    group, _, api = api_version.rpartition("/")
    custom = CRDS / f"{kind.lower()}-{group}-{api}.json"
    if custom.is_file():
        return Draft202012Validator(json.loads(custom.read_text("utf-8")))
    file = "-".join(part for part in (kind.lower(), group.split(".")[0], api) if part)
    folder = SCHEMAS / f"v{version}.0-local-strict"
    return Draft202012Validator(
        json.loads((folder / f"{file}.json").read_text("utf-8")), registry=registry(folder)
    )


@cache
def registry(folder: Path) -> Registry:
    definitions = Resource.from_contents(json.loads((folder / "_definitions.json").read_text("utf-8")))
    return definitions @ Registry()


def of_metadata(manifest: Manifest) -> Iterator[str]:
    metadata, kind = manifest["metadata"], manifest["kind"]
    shape, longest = (SERVICE, 63) if kind == "Service" else (OBJECT, 253)
    if not shape.fullmatch(metadata["name"]) or len(metadata["name"]) > longest:
        yield f"metadata.name {metadata['name']!r} is none"
    yield from of_labels(metadata.get("labels", {}), "metadata.labels")
    yield from of_keys(metadata.get("annotations", {}), "metadata.annotations")
    if sum(len(str(text)) for text in metadata.get("annotations", {}).values()) > 256 * 1024:
        yield "metadata.annotations are too large"


def of_ingress(manifest: Manifest) -> Iterator[str]:
    """What an Ingress and routes may say of hosts and paths."""
    spec = manifest.get("spec", {})
    rules = spec.get("rules", []) if manifest["kind"] in ("Ingress", "HTTPRoute", "GRPCRoute") else []
    for host in [*spec.get("hostnames", []), *(rule["host"] for rule in rules if "host" in rule)]:
        if not OBJECT.fullmatch(host.removeprefix("*.")) or re.fullmatch("[0-9.]+", host):
            yield f"{host!r} is no host"
    paths = [path["path"] for rule in rules for path in rule.get("http", {}).get("paths", [])]
    paths += [
        match["path"]["value"] for rule in rules for match in rule.get("matches", []) if "path" in match
    ]
    for path in paths:
        if re.search(r"//|/\.\.?(/|$)|%2f", path, re.IGNORECASE) or not path.startswith("/"):
            yield f"{path!r} is no path"


def of_labels(labels: dict[str, Any], place: str) -> Iterator[str]:
    yield from of_keys(labels, place)
    for key, value in labels.items():
        if not isinstance(value, str) or not VALUE.fullmatch(value):
            yield f"{place}.{key}: {value!r} is no label's value"


def of_keys(keys: dict[str, Any], place: str) -> Iterator[str]:
    for key in keys:
        match = KEY.fullmatch(key)
        if not match or len(match["prefix"] or "") > 254 or ".." in (match["prefix"] or ""):
            yield f"{place}: {key!r} is no key"


def of_addresses(manifest: Any) -> Iterator[str]:
    """Blocks of addresses, wherever a NetworkPolicy names some."""
    if isinstance(manifest, list):
        for item in manifest:
            yield from of_addresses(item)
    elif isinstance(manifest, dict):
        block = manifest.get("ipBlock")
        if isinstance(block, dict):
            yield from of_block(block)
        for item in manifest.values():
            yield from of_addresses(item)


def of_block(block: dict[str, Any]) -> Iterator[str]:
    try:
        whole = ipaddress.ip_network(block["cidr"], strict=False)
        parts = [ipaddress.ip_network(part, strict=False) for part in block.get("except") or []]
    except ValueError as problem:
        yield str(problem)
        return
    for part in parts:
        if part == whole or part.version != whole.version or not part.subnet_of(whole):
            yield f"{part} is no part of {whole}"


def of_pod(template: Manifest) -> Iterator[str]:
    spec = template["spec"]
    yield from of_labels(template["metadata"]["labels"], "labels")
    yield from of_keys(template["metadata"].get("annotations", {}), "annotations")
    volumes = [volume["name"] for volume in spec.get("volumes", [])]
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    for name in [*volumes, *(container["name"] for container in containers)]:
        if not LABEL.fullmatch(name):
            yield f"{name!r} is no name"
    if len(set(volumes)) < len(volumes):
        yield "a volume's name is there twice"
    for container in containers:
        yield from of_container(container, volumes, spec.get("terminationGracePeriodSeconds", 30))


def of_container(container: Manifest, volumes: list[str], grace: int) -> Iterator[str]:
    mounts = container.get("volumeMounts", [])
    for mount in mounts:
        if mount["name"] not in volumes:
            yield f"no volume is called {mount['name']}"
    paths = [mount["mountPath"] for mount in mounts]
    if len(set(paths)) < len(paths):
        yield "two volumes are mounted at the same place"
    names = [variable["name"] for variable in container.get("env", [])]
    if len(set(names)) < len(names):
        yield "an environment variable is there twice"
    if not all(isinstance(variable.get("value", ""), str) for variable in container.get("env", [])):
        yield "an environment variable is no text"
    if container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0) > grace:
        yield "preStop is longer than the grace"
    limits, requests = (container["resources"].get(of, {}) for of in ("limits", "requests"))
    for resource in set(limits) & set(requests):
        if quantity(requests[resource]) > quantity(limits[resource]):
            yield f"more {resource} is requested than allowed"


def quantity(text: Any) -> float:
    number, unit = QUANTITY.fullmatch(str(text)).groups()
    return float(number) * UNITS[unit]
