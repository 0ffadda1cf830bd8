"""What a chart's schema says of a value, in an operator's words."""

import json
from collections.abc import Iterator
from typing import Any

from charts import HELM

Path = tuple[str, ...]
# Steps that a path has where a name or a place in a list stands.
ANY, KEY, EACH = "NAME", "KEY", "[]"


class Schemas:
    """The schema of one chart, by the paths of values."""

    def __init__(self, name: str):
        self.root = json.loads((HELM / name / "values.schema.json").read_text("utf-8"))

    def at(self, path: Path) -> dict[str, Any]:
        schema = self.root
        for step in path:
            schema = self.resolved(self.step(schema, step))
        return schema

    def step(self, schema: dict[str, Any], step: str) -> dict[str, Any]:
        if step.endswith(EACH):
            inner = self.resolved(self.step(schema, step[: -len(EACH)])) if step != EACH else schema
            return inner["items"]
        return schema.get("properties", {}).get(step) or schema.get("additionalProperties") or {}

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A definition, and what is said beside the reference to it."""
        if "$ref" not in schema:
            return schema
        definition = self.root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        return {**self.resolved(definition), **{word: of for word, of in schema.items() if word != "$ref"}}

    def description(self, path: Path) -> str:
        return self.at(path).get("description", "")

    def kind(self, path: Path) -> str:
        return self.words(self.at(path))

    def words(self, schema: dict[str, Any]) -> str:
        """What may stand there."""
        schema = self.resolved(schema)
        if "title" in schema:
            return schema["title"]
        if "enum" in schema:
            return ", ".join(f"`{choice}`" for choice in schema["enum"])
        kind = schema.get("type")
        if kind in ("integer", "number"):
            return f"{'whole ' if kind == 'integer' else ''}number{bounds(schema)}"
        if kind == "array":
            return f"list: {self.words(schema['items'])}"
        if kind == "object":
            others = schema.get("additionalProperties")
            return f"map of names to {self.words(others)}" if others else "map"
        return {"boolean": "`true`, `false`", "string": "text"}[kind]

    def inside(self, path: Path) -> Iterator[Path]:
        """The paths of what each part of a map by name, or of a list, has."""
        schema = self.at(path)
        if schema.get("type") == "array":
            yield from self.below((*path[:-1], path[-1] + EACH))
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from self.below((*path, ANY))

    def below(self, path: Path) -> Iterator[Path]:
        schema = self.at(path)
        for name in schema.get("properties", {}):
            yield (*path, name)
            yield from self.below((*path, name))
            yield from self.inside((*path, name))
        if isinstance(schema.get("additionalProperties"), dict):
            yield from self.below((*path, KEY))


def bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']}, to {high}"
    if low is None:
        return ""
    return f", {low} or more" if high is None else f", {low} to {high}"
