"""Values are described where they are: each in its file, with its default, in the words of a comment."""

import json
import re
import unittest
from collections.abc import Iterator
from typing import Any

import yaml

import charts


def places(schema: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every property that the schema names, as a path."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    for name, inner in schema.get("properties", {}).items():
        if path or name not in ("global", "lib"):
            yield f"{path}{name}"
            yield from places(inner, root, f"{path}{name}.")


def has(values: Any, place: str) -> bool:
    for step in place.split("."):
        if not isinstance(values, dict) or step not in values:
            return False
        values = values[step]
    return True


class Values(unittest.TestCase):
    def test_every_property_has_a_default(self) -> None:
        # What the programs themselves have defaults for, and amounts that nobody has to ask for.
        left_out = re.compile(r"settings\..*|.*\.ephemeral-storage|resources\.limits\.cpu|.*\.limits\.cpu")
        for name in charts.CHARTS:
            schema = json.loads((charts.HELM / name / "values.schema.json").read_text("utf-8"))
            values = yaml.safe_load((charts.HELM / name / "values.yaml").read_text("utf-8"))
            for place in places(schema, schema):
                with self.subTest(chart=name, place=place):
                    self.assertTrue(has(values, place) or left_out.fullmatch(place))

    def test_every_value_is_explained(self) -> None:
        """By a comment above it, or above the group that it stands in."""
        for name in charts.CHARTS:
            lines = (charts.HELM / name / "values.yaml").read_text("utf-8").splitlines()
            for number, line in enumerate(lines):
                if re.match("[a-zA-Z]", line):
                    with self.subTest(chart=name, line=line):
                        self.assertTrue(explained(lines[:number]))

    def test_services_say_the_same_of_the_same(self) -> None:
        """Whoever has read one file has read what the others have in common with it."""
        texts = {name: (charts.HELM / name / "values.yaml").read_text("utf-8") for name in charts.SERVICES}
        common = ("imagePullSecrets:", "nodeSelector:", "podDisruptionBudget:", "telemetry:", "settings:")
        for key in common:
            blocks = {re.sub("ONDOL_[A-Z_]+", "", paragraph(text, key)) for text in texts.values()}
            with self.subTest(key=key):
                self.assertEqual(len(blocks), 1, blocks)


def explained(above: list[str]) -> bool:
    """Whether the paragraph has begun with a comment."""
    paragraph = []
    for line in reversed(above):
        if not line:
            break
        paragraph.append(line)
    return bool(paragraph) and paragraph[-1].startswith("#")


def paragraph(text: str, key: str) -> str:
    """The comment above the key, and the key."""
    lines = text.splitlines()
    end = next(number for number, line in enumerate(lines) if line.startswith(key))
    start = end
    while lines[start - 1].startswith("#"):
        start -= 1
    return "\n".join(lines[start : end + 1])
