#!/usr/bin/env python3
"""Writes the charts' values.schema.json from schemas/ and settings/: `./just write-charts`."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from charts import CHARTS, HELM, SERVICES

HERE = Path(__file__).resolve().parent
# What stands on helm/lib.
BUILT = (*SERVICES, "observability")


def main() -> None:
    for name in CHARTS:
        (HELM / name / "values.schema.json").write_text(schema_of(name), encoding="utf-8")


def schema_of(name: str) -> str:
    return json.dumps(made(name), indent=2, ensure_ascii=False) + "\n"


def made(name: str) -> dict[str, Any]:
    service, properties = read("service"), read(name)
    # Helm hands every chart `global`, and the values of its library under the library's name.
    properties["global"] = {"type": "object"}
    properties.update({key: service["properties"][key] for key in properties.pop("common", [])})
    if name in SERVICES:
        properties.update(service["properties"], settings=settings_of(name, service["owned"]))
    if name in BUILT:
        properties["lib"] = {"type": "object"}
    whole = closed({"type": "object", "properties": properties}, service["patterns"])
    definitions = {key: closed(of, service["patterns"]) for key, of in service["definitions"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Values of the chart {name}; written by tools/charts/schema.py",
        **whole,
        "$defs": needed(whole, definitions),
    }


def read(name: str) -> dict[str, Any]:
    with open(HERE / "schemas" / f"{name}.yaml", encoding="utf-8") as file:
        return yaml.safe_load(file)


def settings_of(name: str, owned: list[str]) -> dict[str, Any]:
    """Any setting of the program that no other value makes."""
    known = (HERE / "settings" / f"{name}.txt").read_text(encoding="utf-8").split()
    return {
        "title": "names below, and their texts",
        "type": "object",
        "properties": {variable: {"$ref": "setting"} for variable in known if variable not in owned},
    }


def closed(schema: Any, patterns: dict[str, str]) -> Any:
    """The same in JSON Schema's words, with nothing allowed beside properties that are named."""
    if isinstance(schema, list):
        return [closed(item, patterns) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {word: closed(meaning, patterns) for word, meaning in schema.items()}
    if isinstance(schema.get("$ref"), str):
        result["$ref"] = f"#/$defs/{schema['$ref']}"
    if isinstance(schema.get("pattern"), str):
        result["pattern"] = re.sub("<([a-z]+)>", lambda found: patterns[found[1]], schema["pattern"])
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        result.setdefault("additionalProperties", False)
    return result


def needed(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that the schema refers to, and those that they refer to."""
    names, waiting = set(), [schema]
    while waiting:
        for reference in references(waiting.pop()):
            if reference not in names:
                names.add(reference)
                waiting.append(definitions[reference])
    return {name: definitions[name] for name in sorted(names)}


def references(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*(references(item) for item in schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = references(list(schema.values()))
    if isinstance(schema.get("$ref"), str):
        found.add(schema["$ref"].rsplit("/", 1)[1])
    return found


if __name__ == "__main__":
    main()
