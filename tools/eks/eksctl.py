#!/usr/bin/env python3
"""Writes eksctl.json, which is checked in: what a file for eksctl may look like, without its descriptions.

python3 tools/eks/eksctl.py   # needs Go and its module proxy
"""

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

MODULE = "github.com/weaveworks/eksctl"
VERSION = "v0.215.0"
SUM = "h1:oCPoubT3UsW4Y2J43Y4dNRvXHEIsgg03Y3e6wv6bKG4="
PATH = "pkg/apis/eksctl.io/v1alpha5/assets/schema.json"
TARGET = Path(__file__).resolve().parent / "eksctl.json"
# Words that say nothing about whether a file is valid.
SILENT = {"description", "x-intellij-html-description", "default", "examples", "preferredOrder"}


def main() -> None:
    command = ["go", "mod", "download", "-json", f"{MODULE}@{VERSION}"]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    if told["Sum"] != SUM:
        raise SystemExit(f"{MODULE} {VERSION} has the checksum {told['Sum']}, expected {SUM}")
    with zipfile.ZipFile(told["Zip"]) as archive:
        schema = quiet(json.loads(archive.read(f"{MODULE}@{VERSION}/{PATH}")))
    schema["$comment"] = f"{MODULE} {VERSION}, {PATH}; written by tools/eks/eksctl.py"
    TARGET.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def quiet(schema: Any, names: bool = False) -> Any:
    """`names` where keys are names of properties, and not words of JSON Schema."""
    if isinstance(schema, list):
        return [quiet(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    named = {"properties", "definitions", "patternProperties"}
    return {
        key: quiet(value, not names and key in named)
        for key, value in schema.items()
        if names or key not in SILENT
    }


if __name__ == "__main__":
    main()
