"""The charts' READMEs are what their sources say, and leave nothing out."""

import re
import unittest
from typing import Any

import yaml

import charts
import readme
import value_types

# A value's name, what it takes, its default and its meaning.
Line = tuple[str, str, str, str]


def table(name: str) -> dict[str, Line]:
    """The table of values as somebody reads it, by the values' names."""
    text = (charts.HELM / name / "README.md").read_text("utf-8").partition("\n## Values\n")[2]
    found = {}
    for line in text.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells[0].startswith("`"):
            found[cells[0].strip("`")] = tuple(cells)
    return found


def default(line: Line) -> Any:
    return yaml.safe_load(line[2].strip("`").replace("\\|", "|"))


class Readmes(unittest.TestCase):
    def test_each_is_what_its_sources_say(self) -> None:
        for name in charts.CHARTS:
            with self.subTest(chart=name):
                written = (charts.HELM / name / "README.md").read_text("utf-8")
                self.assertEqual(written, readme.readme_of(name), "run tools/charts/readme.py")

    def test_every_value_is_there_with_its_default(self) -> None:
        for name in charts.CHARTS:
            lines = table(name)
            values = yaml.safe_load((charts.HELM / name / "values.yaml").read_text("utf-8"))
            for place, value in leaves(values, set(lines)):
                with self.subTest(chart=name, value=place):
                    self.assertIn(place, lines)
                    self.assertEqual(default(lines[place]), value)

    def test_every_value_has_a_meaning_and_takes_something(self) -> None:
        for name in charts.CHARTS:
            for place, (_, takes, _, meaning) in table(name).items():
                with self.subTest(chart=name, value=place):
                    self.assertTrue(meaning)
                    self.assertTrue(takes)

    def test_what_the_schema_takes_is_there(self) -> None:
        """But for what Kubernetes describes: peers of NetworkPolicies, tolerations."""
        others = re.compile(r"networkPolicy\.\w+\[\]\..*|.*olerations\[\]\..*|settings\..*")
        for name in (*charts.SERVICES, "observability"):
            known = value_types.Schemas(name)
            for path in known.below(()):
                inner = known.at(path)
                place = ".".join(path)
                if path[0] in ("global", "lib") or others.fullmatch(place) or inner.get("properties"):
                    continue
                with self.subTest(chart=name, value=place):
                    self.assertTrue(place in table(name) or known.description(path) or "[]" in place)

    def test_nothing_is_said_twice(self) -> None:
        for name in (*charts.SERVICES, "observability"):
            known = value_types.Schemas(name)
            for row in readme.rows(name):
                described = known.description(row.path)
                with self.subTest(chart=name, value=row.name):
                    self.assertTrue(not described or row.meaning == described, row.meaning)

    def test_examples_are_all_there(self) -> None:
        for name in charts.CHARTS:
            text = (charts.HELM / name / "README.md").read_text("utf-8")
            there = {file.name for file in (charts.HELM / name / "ci").iterdir()}
            self.assertEqual(set(re.findall(r"^\| \[ci/([a-z0-9.-]+)\]", text, re.MULTILINE)), there)

    def test_what_is_to_be_given_is_enough(self) -> None:
        for name in charts.CHARTS:
            text = (charts.HELM / name / "README.md").read_text("utf-8")
            given = re.search("```yaml\n(.*?)```", text, re.DOTALL)
            self.assertTrue(charts.render(name, yaml.safe_load(given[1]) if given else {}), name)


class Making(unittest.TestCase):
    def test_a_value_without_a_word_has_no_meaning(self) -> None:
        text = "# Its pods.\nreplicas: 1\nstartupSeconds: 2\n"
        walk = readme.Walk(value_types.Schemas("worker"), text.splitlines(), {})
        node, values = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
        meanings = {row.name: row.meaning for row in walk.mapping(node, values, ())}
        self.assertEqual(meanings, {"replicas": "Its pods.", "startupSeconds": ""})

    def test_kinds_are_in_words(self) -> None:
        known = value_types.Schemas("api")
        for place, words in (
            ("tls.clientCa", "`true`, `false`"),
            ("ingress.type", "`none`, `alb`, `gateway`"),
            ("queue.shards", "whole number, 1 to 16"),
            ("rollout.analysis.p95Seconds", "number above 0, to 600"),
            ("resources.requests.cpu", "amount, such as `500m` or `2Gi`"),
            ("networkPolicy.redis", "list of peers"),
            ("secretEnv", "map of names to a key of a Secret"),
        ):
            self.assertEqual(known.kind(tuple(place.split("."))), words)

    def test_defaults_are_written_as_in_values(self) -> None:
        for value in ("", "no", "1", "a\nb", "{}", ["x"], {"a.b": {"c": [1, True, None]}}, 0.5, 10000000):
            text = readme.in_one_line(value)
            self.assertNotIn("\n", text)
            self.assertEqual(yaml.safe_load(text), value)

    def test_tables_hold_whatever_is_in_them(self) -> None:
        self.assertEqual(readme.code('a|b"`'), '``a\\|b"```')
        self.assertEqual(
            readme.cell("a | <b> of docs/keys.md"), "a \\| &lt;b> of [docs/keys.md](../../docs/keys.md)"
        )


def leaves(values: dict[str, Any], known: set[str], path: str = "") -> list[tuple[str, Any]]:
    """What values.yaml sets, down to what the table has as one value."""
    found = []
    for name, value in values.items():
        place = f"{path}{name}"
        if isinstance(value, dict) and value and place not in known:
            found.extend(leaves(value, known, f"{place}."))
        else:
            found.append((place, value))
    return found
