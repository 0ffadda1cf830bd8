"""Every value does something: with another one in its place, where it counts, something else is rendered."""

import copy
import unittest
from collections.abc import Iterator
from functools import cache
from typing import Any, Optional

import yaml

import charts
import readme
import sample
import value_types

# How many other values are tried in one place before it is the place that is taken for wrong.
TRIES = 12
TLS = {"secret": "certificates", "mutual": True, "serverName": "elsewhere"}
TOLD = {
    "externalSecrets": {"store": {"name": "aws"}, "secrets": {"a": {"b": {"key": "c"}}}},
    "metrics": {"podMonitor": {"enabled": True}},
    "serviceAccount": {"name": "somebody"},
    "telemetry": {"otlpEndpoint": "http://alloy:4317", "lokiUrl": "http://loki:3100", "lokiTenant": "a"},
}
REDIS = {"redis": {"url": "rediss://r", "topology": "sentinel", "tls": {"secret": "r", "mutual": True}}}
FOLDER = {"objects": {"url": "file:///objects", "claim": "objects"}}
# Where values count that no file of ci/ shows at work.
PLACES: dict[str, list[dict[str, Any]]] = {
    "api": [
        {
            **TOLD,
            **REDIS,
            "keys": {"secret": "keys"},
            "tls": {"secret": "certificates", "clientCa": True},
            "llmInference": {"url": "https://llm", "tls": TLS},
            "mcp": {"url": "https://mcp", "tls": TLS},
        }
    ],
    "llm-inference": [
        {
            **TOLD,
            "models": {
                "pvc": {"claim": "a"},
                "s3": {"url": "s3://models"},
                "image": {"reference": f"a@sha256:{'0' * 64}"},
            },
        }
    ],
    "mcp": [
        {
            **TOLD,
            **REDIS,
            **FOLDER,
            "tools": {"tools.toml": ""},
            "tls": {"secret": "certificates", "clientCa": True},
        }
    ],
    "worker": [
        {
            **TOLD,
            **REDIS,
            **FOLDER,
            "llmInference": {"url": "https://llm", "tls": TLS},
            "mcp": {"url": "https://mcp", "tls": TLS},
        }
    ],
    "observability": [{**{"externalSecrets": TOLD["externalSecrets"]}}],
}
# Other values than by chance, where chance seldom finds one that is taken.
OTHERS = {"mcp tools": {"tools.toml": "no_tools = true"}}


class Effects(unittest.TestCase):
    def every_value(self, name: str) -> None:
        for row in readme.rows(name):
            if row.is_group or row.default is readme.NOTHING:
                continue
            with self.subTest(chart=name, value=row.name):
                self.assertTrue(any(differs(name, row, place) for place in range(len(places(name)))))

    def test_api(self) -> None:
        self.every_value("api")

    def test_llm_inference(self) -> None:
        self.every_value("llm-inference")

    def test_mcp(self) -> None:
        self.every_value("mcp")

    def test_worker(self) -> None:
        self.every_value("worker")

    def test_observability(self) -> None:
        self.every_value("observability")


def differs(name: str, row: readme.Row, place: int) -> bool:
    values = places(name)[place]
    now = at(values, row.path)
    for other in others(name, row):
        if other == (row.default if now is None else now):
            continue
        found = attempt(name, put(values, row.path, other))
        if found is not None:
            return found != rendered(name, place)
    return False


def others(name: str, row: readme.Row) -> Iterator[Any]:
    if f"{name} {row.name}" in OTHERS:
        yield OTHERS[f"{name} {row.name}"]
    for seed in range(TRIES):
        yield sample.Sampler(known(name).root, seed).value(known(name).at(row.path))


@cache
def known(name: str) -> value_types.Schemas:
    return value_types.Schemas(name)


@cache
def places(name: str) -> list[dict[str, Any]]:
    """Those that show most of the values first."""
    of_files = [values for case, values in charts.cases().items() if case.startswith(f"{name}/")]
    return sorted([*of_files, *PLACES[name]], key=lambda values: -len(yaml.safe_dump(values)))


@cache
def rendered(name: str, place: int) -> list[charts.Manifest]:
    return charts.render(name, places(name)[place])


def attempt(name: str, values: dict[str, Any]) -> Optional[list[charts.Manifest]]:
    try:
        return charts.render(name, values)
    except charts.Refused:
        return None


def at(values: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    values = copy.deepcopy(values)
    inside = values
    for step in path[:-1]:
        inside = inside.setdefault(step, {})
    inside[path[-1]] = value
    return values
