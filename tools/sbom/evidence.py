"""Holds a bill of materials against the program itself.

The compiler leaves the path of a source file in the program wherever that file can panic, and the path names
the crate and its version (`…/registry/src/INDEX/serde_json-1.0.154/src/read.rs`), the standard library's by
the compiler's commit (`/rustc/COMMIT/library/…`). A crate that can never panic leaves none, so this finds not
every gap; but what it finds is in the program and was not in the bill.
"""

import re

CRATE = re.compile(rb"/registry/src/[\w.-]+/([\w-]+-\d+\.\d+\.\d+[\w.+-]*)/")
COMPILER = re.compile(rb"/rustc/([0-9a-f]{40})/")


def missing(document: dict, program: bytes) -> list[str]:
    """What the program has and the bill lacks, in words."""
    listed = {
        f"{one['name']}-{one['version']}" for one in document["components"] if one.get("scope") == "required"
    }
    named = {found.decode() for found in CRATE.findall(program)}
    if not named:
        return ["the program names no crate: it was not built by cargo, or its paths were cut out"]
    compilers = {found.decode() for found in COMPILER.findall(program)}
    known = {
        entry["value"]
        for one in document["components"]
        for entry in one.get("properties", [])
        if entry["name"] == "rust:commit"
    }
    gaps = [f"lacks {crate}, which is in the program" for crate in sorted(named - listed)]
    return gaps + [f"another compiler made the program: {commit}" for commit in sorted(compilers - known)]
