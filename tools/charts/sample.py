"""Random values that a schema takes, with a taste for what breaks templates."""

import random
import re
import sys
from typing import Any, Callable

from jsonschema import Draft202012Validator

if sys.version_info >= (3, 11):
    from re import _constants as ops
    from re import _parser as parser
else:
    import sre_constants as ops
    import sre_parse as parser

# What YAML reads as something else than text, what ends its quotes, what templates and shells act on.
AWKWARD = (
    *("", "true", "no", "null", "~", "0x1f", "1e3", "12", "1:2", "- x", "# x", "a: b", "'", '"', "\\", "{{"),
    *("{{ .Values }}", "}}", "|", ">", "&a", "*a", "!x", "%", "@", "`", "a\nb", "\ttab", " lead", "trail "),
    *("---", "한국어", "é", "\u2028", "$(X)", "$X", "[]", "{}", ",", "=", "x" * 300),
)
SIGNS = "abcxyz019-_./:\"'\\{}[]#&*!|>%@`,?=$()+~^ é한"
# How often something repeats that may do so without end.
MANY = 6


class Sampler:
    """Values for one schema; the same seed gives the same ones."""

    def __init__(self, schema: dict[str, Any], seed: int):
        self.chance = random.Random(seed)
        self.root = schema
        self.validator = Draft202012Validator(schema)
        self.depth = 0

    def some(self, schema: dict[str, Any], share: float) -> dict[str, Any]:
        """An object with about this share of the schema's properties, at every level."""
        properties = schema.get("properties", {})
        kept = [name for name in properties if self.chance.random() < share and name not in ("global", "lib")]
        return {name: self.value(properties[name], share) for name in kept}

    def value(self, schema: dict[str, Any], share: float = 0.5) -> Any:
        for _ in range(200):
            candidate = self.candidate(schema, share)
            if self.validator.evolve(schema=schema).is_valid(candidate):
                return candidate
        raise LookupError(f"no value found for {schema}")

    def candidate(self, schema: dict[str, Any], share: float) -> Any:
        if "$ref" in schema:
            return self.candidate(self.root["$defs"][schema["$ref"].rsplit("/", 1)[1]], share)
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kinds = schema["type"]
        kind = self.chance.choice(kinds) if isinstance(kinds, list) else kinds
        return self.makers()[kind](schema, share)

    def makers(self) -> dict[str, Callable[[dict[str, Any], float], Any]]:
        return {
            "string": lambda schema, _: self.text(schema),
            "integer": lambda schema, _: self.integer(schema),
            "number": lambda schema, _: self.number(schema),
            "boolean": lambda *_: self.chance.random() < 0.5,
            "array": self.array,
            "object": self.object,
        }

    def integer(self, schema: dict[str, Any]) -> int:
        low, high = schema.get("minimum", -5), schema.get("maximum", 1_000_000_000)
        return self.chance.choice(
            [low, high, self.chance.randint(low, high), self.chance.randint(low, min(high, low + 20))]
        )

    def number(self, schema: dict[str, Any]) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -5))
        high = schema.get("maximum", 1_000_000_000)
        return self.chance.choice(
            [
                high,
                round(self.chance.uniform(low, high), 3),
                float(self.chance.randint(int(low) + 1, int(high))),
            ]
        )

    def array(self, schema: dict[str, Any], share: float) -> list[Any]:
        least = schema.get("minItems", 0)
        length = self.chance.randint(least, min(schema.get("maxItems", 3), least + 2))
        return [self.value(schema["items"], share) for _ in range(length)]

    def object(self, schema: dict[str, Any], share: float) -> dict[str, Any]:
        made = self.some(schema, share)
        for name in schema.get("required", []):
            made.setdefault(name, self.value(schema["properties"][name], share))
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            for _ in range(self.chance.randint(schema.get("minProperties", 0), 3)):
                name = self.value({"type": "string", **schema.get("propertyNames", {})}, share)
                made[name] = self.value(others, share)
        return made

    def text(self, schema: dict[str, Any]) -> str:
        pattern = schema.get("pattern")
        if pattern and re.search(pattern, "a: {{ #") is None:
            return "".join(self.matching(parser.parse(pattern)))
        return "".join(self.chance.choice(AWKWARD) for _ in range(self.chance.randint(1, 3)))

    def matching(self, tree: Any) -> list[str]:
        """A text that the pattern is about, character by character."""
        return [part for op, argument in tree for part in self.part(op, argument)]

    def part(self, op: Any, argument: Any) -> list[str]:
        if op is ops.LITERAL:
            return [chr(argument)]
        if op is ops.IN:
            return [self.one_of(argument)]
        if op is ops.BRANCH:
            return self.matching(self.chance.choice(argument[1]))
        if op is ops.SUBPATTERN:
            return self.matching(argument[3])
        if op is ops.MAX_REPEAT:
            least, most, tree = argument
            times = self.chance.choice(
                [least, min(most, least + 1), self.chance.randint(least, min(most, least + MANY))]
            )
            if most is not ops.MAXREPEAT and most < 70 and self.chance.random() < 0.05:
                times = most
            return [part for _ in range(times) for part in self.matching(tree)]
        if op is ops.AT:
            return []
        raise LookupError(f"patterns with {op} are not made")

    def one_of(self, choices: Any) -> str:
        if choices[0] == (ops.NEGATE, None):
            return self.chance.choice(
                [sign for sign in SIGNS if not any(holds(choice, sign) for choice in choices[1:])]
            )
        op, argument = self.chance.choice(choices)
        return chr(argument) if op is ops.LITERAL else chr(self.chance.randint(*argument))


def holds(choice: tuple[Any, Any], sign: str) -> bool:
    op, argument = choice
    if op is ops.LITERAL:
        return ord(sign) == argument
    if op is ops.RANGE:
        return argument[0] <= ord(sign) <= argument[1]
    return sign.isspace()
