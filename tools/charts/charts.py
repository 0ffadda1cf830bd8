"""The charts of helm/, and what they render. Nothing is asked of a cluster."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Optional

import yaml
from helm_python import chart as helm
from helm_python.errors import HelmError

HELM = Path(__file__).resolve().parent.parent.parent / "helm"
SERVICES = ("api", "llm-inference", "mcp", "worker")
CHARTS = (*SERVICES, "observability", "ondol")
# The namespaces that releases are in, where it is not `ondol`.
HOMES = {"observability": "monitoring"}

Manifest = dict[str, Any]


class Refused(Exception):
    """The chart's schema or one of its templates does not take the values; the message says which and why."""


class Broken(Exception):
    """A template went wrong over values that nothing refuses, or what it renders is not YAML."""


class Loader(yaml.CSafeLoader):
    """YAML in which no key is given twice, as an API server that is asked to be strict reads it."""


def without_repetition(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise Broken(f"{key!r} is given twice: {node.start_mark}")
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


# A plain "=" is text to everybody but PyYAML.
Loader.add_constructor("tag:yaml.org,2002:value", yaml.SafeLoader.construct_yaml_str)
Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, without_repetition)


def load(name: str) -> helm.Chart:
    """The umbrella anew each time: what one rendering has switched off is gone from a loaded chart."""
    return opened(name) if name == "ondol" else loaded(name)


@cache
def loaded(name: str) -> helm.Chart:
    return opened(name)


def opened(name: str) -> helm.Chart:
    with silence():
        return helm.Chart.load(HELM / name)


def lint(name: str, values: dict[str, Any], version: str) -> list[str]:
    """What Helm's linter has to say, warnings included, with values for this version of Kubernetes."""
    with silence():
        told = helm.lint(HELM / name, values, strict=True, kube_version=f"v{version}.0", quiet=True)
    return told["errors"]


def dependencies(name: str) -> dict[str, str]:
    """How those that the chart declares are there."""
    with silence():
        return {told["name"]: told["status"] for told in helm.dependency_list(HELM / name)}


@contextmanager
def silence() -> Iterator[None]:
    """Without Helm's own lines on standard error: it tells of each symbolic link."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def render(
    name: str,
    values: Optional[dict[str, Any]] = None,
    release: Optional[str] = None,
    namespace: Optional[str] = None,
) -> list[Manifest]:
    """The manifests of a release, which is called as the chart unless it has another name."""
    manifests = []
    namespace = namespace or HOMES.get(name, "ondol")
    for file, text in sorted(rendered(name, values or {}, release or name, namespace).items()):
        if not file.endswith(".txt"):
            manifests.extend(documents(file, text))
    return manifests


def rendered(name: str, values: dict[str, Any], release: str, namespace: str) -> dict[str, str]:
    try:
        return load(name).render(values, name=release, namespace=namespace)
    except HelmError as problem:
        raise understood(str(problem)) from None


def understood(problem: str) -> Exception:
    """Whether somebody chose these words for whoever wrote the values."""
    if "don't meet the specifications of the schema" in problem:
        return Refused(" ".join(problem.split("\n")[1:]).strip())
    refusal = re.search(r"execution error at \([^)]*\): values: (.*)", problem, re.DOTALL)
    return Refused(refusal[1]) if refusal else Broken(problem)


def documents(file: str, text: str) -> list[Manifest]:
    try:
        return [document for document in yaml.load_all(text, Loader) if document is not None]
    except yaml.YAMLError as problem:
        raise Broken(f"{file} is not YAML: {problem}\n{text}") from None


@cache
def cases() -> dict[str, dict[str, Any]]:
    """The values files of all charts, as CHART/FILE."""
    found = sorted(file for name in CHARTS for file in (HELM / name / "ci").glob("*.yaml"))
    return {
        f"{file.parent.parent.name}/{file.stem}": yaml.safe_load(file.read_text("utf-8")) for file in found
    }


@cache
def rendered_cases() -> dict[str, list[Manifest]]:
    return {case: render(case.split("/")[0], values) for case, values in cases().items()}


def laid_over(under: Any, over: Any) -> Any:
    """As Helm lays the values of one file over those of another."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return {**under, **{name: laid_over(under.get(name), value) for name, value in over.items()}}


def named(manifests: list[Manifest], kind: str, name: Optional[str] = None) -> Manifest:
    found = [
        manifest
        for manifest in manifests
        if manifest["kind"] == kind and name in (None, manifest["metadata"]["name"])
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} objects of kind {kind} with the name {name}")
    return found[0]


def workload(manifests: list[Manifest]) -> Manifest:
    """What keeps the service's pods running."""
    return next(manifest for manifest in manifests if manifest["kind"] in ("Deployment", "Rollout"))


def pods(manifests: list[Manifest]) -> list[tuple[str, Manifest]]:
    """Every template of pods, and what it belongs to."""
    found = []
    for manifest in manifests:
        label = f"{manifest['kind']} {manifest['metadata']['name']}"
        found.extend((label, template) for template in templates(manifest))
    return found


def templates(manifest: Manifest) -> list[Manifest]:
    spec = manifest.get("spec", {})
    if manifest["kind"] in ("Deployment", "Rollout", "DaemonSet"):
        return [spec["template"]]
    if manifest["kind"] == "StatefulSet":
        # Its pods have a volume for each claim that it makes.
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])]
        volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
        pod = {
            **spec["template"]["spec"],
            "volumes": [*spec["template"]["spec"].get("volumes", []), *volumes],
        }
        return [{**spec["template"], "spec": pod}]
    if manifest["kind"] == "AnalysisTemplate":
        providers = [metric["provider"] for metric in spec["metrics"]]
        return [provider["job"]["spec"]["template"] for provider in providers if "job" in provider]
    return []


def environment(container: Manifest) -> dict[str, Any]:
    variables = container.get("env", [])
    return {variable["name"]: variable.get("value", variable.get("valueFrom")) for variable in variables}
