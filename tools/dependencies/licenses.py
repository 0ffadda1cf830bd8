"""Judges licence expressions (SPDX, and the older "MIT/Apache-2.0") by a list of allowed licences."""

import re


def allowed_licenses(deny_toml: str) -> set[str]:
    """The `allow` list of deny.toml's [licenses], by its form: Python reads TOML only since 3.11."""
    section = re.search(r"^\[licenses\]\n(.*?)^\[", deny_toml + "\n[", re.DOTALL | re.MULTILINE)
    listed = re.search(r"^allow = \[(.*?)\]", section.group(1), re.DOTALL | re.MULTILINE) if section else None
    if listed is None:
        raise ValueError("deny.toml has no `allow = […]` in [licenses]")
    return set(re.findall(r'"([^"]+)"', listed.group(1)))


def satisfies(expression: str, allowed: set[str]) -> bool:
    """Whether somebody who accepts only `allowed` may use what is under `expression`."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    verdict, rest = either(tokens, allowed)
    return verdict and not rest


def either(tokens: list[str], allowed: set[str]) -> tuple[bool, list[str]]:
    """`A OR B`: one allowed side is enough."""
    verdict, rest = both(tokens, allowed)
    while rest[:1] == ["OR"]:
        other, rest = both(rest[1:], allowed)
        verdict = verdict or other
    return verdict, rest


def both(tokens: list[str], allowed: set[str]) -> tuple[bool, list[str]]:
    """`A AND B`, which binds tighter than OR."""
    verdict, rest = single(tokens, allowed)
    while rest[:1] == ["AND"]:
        other, rest = single(rest[1:], allowed)
        verdict = verdict and other
    return verdict, rest


def single(tokens: list[str], allowed: set[str]) -> tuple[bool, list[str]]:
    """One licence, with its exception if it has one, or an expression in parentheses."""
    if not tokens:
        return False, []
    if tokens[0] == "(":
        verdict, rest = either(tokens[1:], allowed)
        return (verdict, rest[1:]) if rest[:1] == [")"] else (False, rest)
    if tokens[1:2] == ["WITH"]:
        return " ".join(tokens[:3]) in allowed, tokens[3:]
    return tokens[0] in allowed, tokens[1:]
