"""A bill of materials in CycloneDX's JSON (1.6)."""

import json
import uuid
from urllib.parse import quote

from graph import Graph
from sources import Bundled, Compiler

# Any fixed one: a bill's serial number follows from what is in it.
NAMESPACE = uuid.UUID("6f0a1a3e-5a1d-4a3c-9d0e-6f6e646f6c00")


def bill(graph: Graph, sums: dict, rust: Compiler, libraries: list[Bundled]) -> dict:
    """Components are sorted, and no time is noted: the same parts make the same bill."""
    root = crate(graph, graph.root, sums)
    crates = [crate(graph, package, sums) for package in graph.shipped - {graph.root}]
    tools = [{**crate(graph, package, sums), "scope": "excluded"} for package in graph.built_with]
    others = [standard_library(rust), *(library(one) for one in libraries)]
    components = sorted([*crates, *tools, *others], key=lambda component: component["bom-ref"])
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**root, "type": "application"}},
        "components": components,
        "dependencies": dependencies(graph, [other["bom-ref"] for other in others]),
    }
    serial = uuid.uuid5(NAMESPACE, json.dumps(document, sort_keys=True))
    return {**document, "serialNumber": f"urn:uuid:{serial}"}


def crate(graph: Graph, package: str, sums: dict) -> dict:
    facts = graph.packages[package]
    component = {
        "type": "library",
        "bom-ref": reference(graph, package),
        "name": facts["name"],
        "version": facts["version"],
    }
    if graph.is_ours(package):
        # Without a package URL: a crate of that name on crates.io is somebody else's, advisories and all.
        component["group"] = "ondol"
    else:
        component["scope"] = "required"
        component["purl"] = reference(graph, package)
        component["hashes"] = [{"alg": "SHA-256", "content": sums[facts["name"], facts["version"]]}]
    if facts["license"]:
        component["licenses"] = [{"expression": facts["license"].replace("/", " OR ")}]
    return component


def reference(graph: Graph, package: str) -> str:
    facts = graph.packages[package]
    title = f"{facts['name']}@{quote(facts['version'], safe='')}"
    return f"ondol/{title}" if graph.is_ours(package) else f"pkg:cargo/{title}"


def standard_library(rust: Compiler) -> dict:
    return {
        "type": "library",
        "bom-ref": f"rust-std@{rust.version}",
        "name": "rust-std",
        "version": rust.version,
        "scope": "required",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "properties": [{"name": "rust:commit", "value": rust.commit}],
    }


def library(one: Bundled) -> dict:
    component = {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "scope": "required",
        "purl": one.purl,
    }
    if one.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": one.sha256}]
    return component


def dependencies(graph: Graph, others: list[str]) -> list[dict]:
    """`others` are what the program itself has beside its crates."""
    found = [
        {
            "ref": reference(graph, package),
            "dependsOn": sorted({reference(graph, needed) for needed in needs}),
        }
        for package, needs in graph.edges.items()
    ]
    for entry in found:
        if entry["ref"] == reference(graph, graph.root):
            entry["dependsOn"] = sorted([*entry["dependsOn"], *others])
    return sorted([*found, *({"ref": other} for other in others)], key=lambda entry: entry["ref"])
