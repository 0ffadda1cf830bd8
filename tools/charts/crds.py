#!/usr/bin/env python3
"""Writes schemas/crds/, which is checked in: what custom resources of others may look like.

    tools/charts/python.sh tools/charts/crds.py   # needs Go and its module proxy

Each comes from the Go module of its project, at a pinned version and checksum. Descriptions, defaults and the
state that controllers write are left out; unknown fields are refused, as by an API server that is strict.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

TARGET = Path(__file__).resolve().parent / "schemas" / "crds"

# Words of OpenAPI that say nothing about whether a document is valid.
SILENT = {"description", "default", "example", "format", "title", "externalDocs", "nullable"}


class Source(NamedTuple):
    """One file of a Go module that defines a custom resource."""

    module: str
    version: str
    sum: str
    path: str
    api: str


KEDA = ("github.com/kedacore/keda/v2", "v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=")
ROLLOUTS = ("github.com/argoproj/argo-rollouts", "v1.10.2", "h1:sEPWsY+HUvnXj3Vh0ejb+GDTceQ/palqhFo2FVQJMk0=")
GATEWAY = ("sigs.k8s.io/gateway-api", "v1.7.0", "h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=")
SECRETS = (
    "github.com/external-secrets/external-secrets",
    "v1.3.2",
    "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
)
PROMETHEUS = (
    "github.com/prometheus-operator/prometheus-operator",
    "v0.85.0",
    "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
)

SOURCES = (
    Source(*KEDA, "config/crd/bases/keda.sh_scaledobjects.yaml", "v1alpha1"),
    Source(*KEDA, "config/crd/bases/keda.sh_triggerauthentications.yaml", "v1alpha1"),
    Source(*ROLLOUTS, "manifests/crds/rollout-crd.yaml", "v1alpha1"),
    Source(*ROLLOUTS, "manifests/crds/analysis-template-crd.yaml", "v1alpha1"),
    Source(*GATEWAY, "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml", "v1"),
    Source(*GATEWAY, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml", "v1"),
    Source(*SECRETS, "config/crds/bases/external-secrets.io_externalsecrets.yaml", "v1"),
    Source(*PROMETHEUS, "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml", "v1"),
)


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        definition = read(source)
        kind, group = definition["spec"]["names"]["kind"], definition["spec"]["group"]
        schema = schema_of(definition, source)
        schema["$comment"] = (
            f"{source.module} {source.version}, {source.path}; written by tools/charts/crds.py"
        )
        file = TARGET / f"{kind.lower()}-{group}-{source.api}.json"
        file.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
        print(f"{file.name}: {file.stat().st_size} bytes")


def read(source: Source, go: str = "go") -> dict[str, Any]:
    with zipfile.ZipFile(zip_of(source, go)) as archive:
        text = archive.read(f"{source.module}@{source.version}/{source.path}")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def zip_of(source: Source, go: str) -> str:
    """Go checks the module against its own database of checksums, and we against ours."""
    asked = f"{source.module}@{source.version}"
    # Go calls it an error when a module wants a newer compiler, and has fetched it all the same.
    answer = subprocess.run([go, "mod", "download", "-json", asked], capture_output=True, cwd="/")
    told = json.loads(answer.stdout or b"{}")
    if told.get("Sum") != source.sum:
        sys.exit(f"{asked}: expected {source.sum}, got {told.get('Sum')}: {told.get('Error', answer.stderr)}")
    return told["Zip"]


def schema_of(definition: dict[str, Any], source: Source) -> dict[str, Any]:
    version = next(v for v in definition["spec"]["versions"] if v["name"] == source.api)
    whole = version["schema"]["openAPIV3Schema"]
    whole["properties"].pop("status", None)
    strict = tightened(whole)
    strict["properties"]["metadata"] = {"type": "object"}
    return strict


def tightened(schema: dict[str, Any]) -> dict[str, Any]:
    """The same in JSON Schema, with unknown fields refused where the resource does not keep them."""
    strict = {
        word: meaning
        for word, meaning in schema.items()
        if word not in SILENT and not word.startswith("x-kubernetes-")
    }
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("anyOf", None)
        strict["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(strict.get("type"), str):
        strict["type"] = [strict["type"], "null"]
    if "properties" in schema:
        strict["properties"] = {name: tightened(of) for name, of in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict.setdefault("additionalProperties", False)
    if isinstance(schema.get("additionalProperties"), dict):
        strict["additionalProperties"] = tightened(schema["additionalProperties"])
    if "items" in schema:
        strict["items"] = tightened(schema["items"])
    return strict


if __name__ == "__main__":
    main()
