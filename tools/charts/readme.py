#!/usr/bin/env python3
"""Writes the charts' README.md from Chart.yaml, values.yaml, the schema and ci/: `./just write-charts`.

What a value means is said once: by the comment above it in values.yaml, or, where charts and groups have it
alike, by `description` in schemas/. What may stand there is the `title` of its schema, or what it says else.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

import yaml

from charts import CHARTS, HELM, HOMES
from value_types import Schemas

ROOT = HELM.parent
NOTHING = object()


class Row(NamedTuple):
    """One value, or a group of them, which has no default of its own."""

    path: tuple[str, ...]
    kind: str
    default: Any
    meaning: str

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def is_group(self) -> bool:
        return not self.kind


def main() -> None:
    for name in CHARTS:
        (HELM / name / "README.md").write_text(readme_of(name), encoding="utf-8")


def readme_of(name: str) -> str:
    parts = [
        f"<!-- Written by tools/charts/readme.py from what lies beside it. -->\n\n# {name}\n",
        introduction(name),
        installation(name),
        examples(name),
        values_table(name),
        settings(name),
    ]
    return "\n".join(part for part in parts if part)


def introduction(name: str) -> str:
    chart = yaml.safe_load((HELM / name / "Chart.yaml").read_text("utf-8"))
    above = re.match("((?:#.*\n)+)\n", (HELM / name / "values.yaml").read_text("utf-8"))
    assert above, f"{name}/values.yaml begins with what the chart is"
    rest = said(above[1].splitlines()).partition(": " if ":" in above[1].splitlines()[0] else ". ")[2]
    kubernetes = chart["kubeVersion"].lstrip(">=").partition(".0-")[0]
    more = "" if "docs/charts.md" in rest else " What the charts have in common is in docs/charts.md."
    text = f"{chart['description']}. {capital(rest)}{more} For Kubernetes {kubernetes} or newer and Helm 4."
    return linked(text) + "\n"


def installation(name: str) -> str:
    home = HOMES.get(name, "ondol")
    command = f"helm install {name} helm/{name} --namespace {home} --create-namespace"
    text = least(name)
    if not text:
        return f"## Install\n\nNothing has to be given.\n\n```sh\n{command}\n```\n"
    return (
        f"## Install\n\n```sh\n{command} --values my-values.yaml\n```\n\n"
        f"with at least this in `my-values.yaml`, made your own:\n\n```yaml\n{text}```\n"
    )


def least(name: str) -> str:
    """The shortest of the files in ci/."""
    texts = [body(file.read_text("utf-8")) for file in (HELM / name / "ci").glob("*.yaml")]
    shortest = min(texts, key=lambda text: (len(text.splitlines()), text))
    return "" if yaml.safe_load(shortest) == {} else shortest


def body(text: str) -> str:
    """Without the comment that says what the file shows."""
    return re.sub("^(#.*\n)+", "", text)


def examples(name: str) -> str:
    lines = ["## Examples\n", "| values | what they show |", "|---|---|"]
    for file in sorted((HELM / name / "ci").glob("*.yaml")):
        first = re.match("(?:#.*\n)+", file.read_text("utf-8"))
        assert first, f"{file} says what it shows"
        lines.append(f"| [ci/{file.name}](ci/{file.name}) | {cell(said(first[0].splitlines()))} |")
    return "\n".join(lines) + "\n"


def values_table(name: str) -> str:
    lines = ["## Values\n", "| value | takes | default | meaning |", "|---|---|---|---|"]
    for row in (row for row in rows(name) if row.meaning or not row.is_group):
        shown = f"**`{row.name}`**" if row.is_group else f"`{row.name}`"
        default = "" if row.default is NOTHING else code(in_one_line(row.default))
        lines.append(f"| {shown} | {row.kind} | {default} | {cell(row.meaning)} |")
    return "\n".join(lines) + "\n"


def settings(name: str) -> str:
    """The names that `settings` takes, for the charts of programs."""
    known = Schemas(name).at(("settings",)).get("properties", {})
    if not known:
        return ""
    listed = ", ".join(f"`{variable}`" for variable in known)
    return f"## Settings\n\n`settings` takes these; `{name} --help` says what each means.\n\n{listed}.\n"


def rows(name: str) -> list[Row]:
    text = (HELM / name / "values.yaml").read_text("utf-8")
    chart = yaml.safe_load((HELM / name / "Chart.yaml").read_text("utf-8"))
    # The values of a chart within this one are described where they belong.
    parts = {part["name"]: rows(part["name"]) for part in chart["dependencies"] if part["name"] != "lib"}
    walk = Walk(Schemas(name), text.splitlines(), parts)
    return list(walk.mapping(yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text), ()))


class Compact(yaml.SafeDumper):
    """With double quotes, as in values.yaml, where quotes are needed: line breaks take no line in them."""

    def choose_scalar_style(self) -> str:
        style = super().choose_scalar_style()
        return '"' if style == "'" else style


class Walk:
    """Through a file of values in its order, with what the schema knows besides."""

    def __init__(self, schemas: Schemas, lines: list[str], parts: dict[str, list[Row]]):
        self.schemas = schemas
        self.lines = lines
        self.parts = parts

    def mapping(self, node: yaml.MappingNode, values: dict[str, Any], path: tuple[str, ...]) -> Iterator[Row]:
        for key, inner in node.value:
            place, value = (*path, key.value), values[key.value]
            meaning = said(self.above(key.start_mark.line, key.start_mark.column))
            if self.is_group(place, value):
                yield Row(place, "", NOTHING, meaning or self.elsewhere(place))
                yield from self.mapping(inner, value, place)
            else:
                yield Row(place, self.kind(place), value, meaning or self.elsewhere(place))
                yield from self.inside(place)
        if path and path[0] not in self.parts:
            yield from self.without_default(path, values)

    def above(self, line: int, column: int) -> list[str]:
        """The comment that ends in the line before."""
        start = line
        while start and re.match(f" {{{column}}}#", self.lines[start - 1]):
            start -= 1
        return self.lines[start:line]

    def is_group(self, path: tuple[str, ...], value: Any) -> bool:
        if not isinstance(value, dict) or not value:
            return False
        if len(path) == 1 and path[0] in self.parts:
            return True
        theirs = self.theirs(path)
        return theirs.is_group if theirs else "properties" in self.schemas.at(path)

    def kind(self, path: tuple[str, ...]) -> str:
        theirs = self.theirs(path)
        return theirs.kind if theirs else self.schemas.kind(path)

    def elsewhere(self, path: tuple[str, ...]) -> str:
        """What is said of it besides the file: by the schema, or by the chart that it is handed to."""
        if path[0] not in self.parts:
            return self.schemas.description(path)
        if len(path) == 1:
            return f"Values of the chart [{path[0]}](../{path[0]}/README.md)."
        theirs = self.theirs(path)
        return theirs.meaning if theirs else ""

    def theirs(self, path: tuple[str, ...]) -> Optional[Row]:
        found = (row for row in self.parts.get(path[0], []) if row.path == path[1:])
        return next(found, None)

    def without_default(self, path: tuple[str, ...], values: dict[str, Any]) -> Iterator[Row]:
        """What may be given besides, and has no default."""
        for name in self.schemas.at(path).get("properties", {}):
            place = (*path, name)
            if name not in values and self.schemas.description(place):
                yield Row(place, self.schemas.kind(place), NOTHING, self.schemas.description(place))

    def inside(self, path: tuple[str, ...]) -> Iterator[Row]:
        """What a map by name or a list has in each of its parts, as far as the schema describes it."""
        for place in self.schemas.inside(path) if path[0] not in self.parts else ():
            if self.schemas.description(place):
                yield Row(place, self.schemas.kind(place), NOTHING, self.schemas.description(place))


def said(comment: list[str]) -> str:
    return " ".join(filter(None, (line.strip().lstrip("#").strip() for line in comment)))


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_one_line(value: Any) -> str:
    text = yaml.dump(
        value, Dumper=Compact, default_flow_style=True, sort_keys=False, width=sys.maxsize, allow_unicode=True
    )
    return text.replace("\n...", "").strip()


def code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return fence + text.replace("|", "\\|") + fence


def cell(text: str) -> str:
    return linked(text).replace("|", "\\|").replace("<", "&lt;")


def linked(text: str) -> str:
    """Pages are named from the repository's root."""
    return re.sub(r"\bdocs/([a-z-]+\.md)", r"[docs/\1](../../docs/\1)", text)


if __name__ == "__main__":
    main()
