#!/usr/bin/env python3
"""Puts what the stacks of an environment are into files that have examples in their place.

    aws cloudformation describe-stacks > stacks.json
    tools/eks/fill.py prod stacks.json deploy/eks/cluster.yaml deploy/env/prod/*/values.yaml

A file is rewritten in its place. What no stack says is an error, and then no file is touched.
"""

import argparse
import json
import re
import sys
from pathlib import Path

# What stands in the files, and which output of a stack of deploy/eks takes its place.
EXAMPLES = {
    "123456789012": "AccountId",
    "ap-northeast-2": "Region",
    "ap-northeast-2a": "ZoneA",
    "ap-northeast-2b": "ZoneB",
    "ap-northeast-2c": "ZoneC",
    "vpc-00000000000000001": "Vpc",
    "subnet-000000000000000a1": "PublicA",
    "subnet-000000000000000b1": "PublicB",
    "subnet-000000000000000c1": "PublicC",
    "subnet-000000000000000a2": "PrivateA",
    "subnet-000000000000000b2": "PrivateB",
    "subnet-000000000000000c2": "PrivateC",
    "sg-00000000000000001": "LoadBalancerGroup",
    "acme-ondol-{environment}": "Bucket",
    "acme-ondol-{environment}-models": "ModelsBucket",
    "acme-ondol-{environment}-logs": "LogsBucket",
    "master.ondol-{environment}.abc123.apn2.cache.amazonaws.com": "RedisHost",
    "api.example.com": "Domain",
    "api.staging.example.com": "Domain",
    (
        "arn:aws:acm:ap-northeast-2:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    ): "Certificate",
}


class Trouble(Exception):
    """What is wrong, in words for whoever runs this."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("environment", help="whose stacks: those called ondol-ENVIRONMENT-…")
    parser.add_argument("stacks", type=Path, help="what `aws cloudformation describe-stacks` says, as JSON")
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    try:
        outputs = outputs_of(arguments.environment, arguments.stacks.read_text(encoding="utf-8"))
        texts = {file: file.read_text(encoding="utf-8") for file in arguments.files}
        filled = {file: fill(text, arguments.environment, outputs) for file, text in texts.items()}
    except (OSError, Trouble) as problem:
        print(f"fill: {problem}", file=sys.stderr)
        return 1
    for file, text in filled.items():
        if text != texts[file]:
            file.write_text(text, encoding="utf-8")
            print(file)
    return 0


def outputs_of(environment: str, described: str) -> dict[str, str]:
    try:
        stacks = json.loads(described)["Stacks"]
        mine = [stack for stack in stacks if stack["StackName"].startswith(f"ondol-{environment}-")]
        told = [output for stack in mine for output in stack.get("Outputs", [])]
        return {output["OutputKey"]: output["OutputValue"] for output in told}
    except (ValueError, KeyError, TypeError) as problem:
        raise Trouble(f"this is not what `aws cloudformation describe-stacks` says: {problem!r}") from None


def fill(text: str, environment: str, outputs: dict[str, str]) -> str:
    """All at once, so that nothing which was put in is looked at again, and the longest first."""
    examples = {example.replace("{environment}", environment): output for example, output in EXAMPLES.items()}
    found = sorted((example for example in examples if example in text), key=len, reverse=True)
    if not found:
        return text
    pattern = "|".join(map(re.escape, found))
    needed = {examples[match] for match in re.findall(pattern, text)}
    if missing := ", ".join(sorted(needed - set(outputs))):
        raise Trouble(
            f"no stack of {environment} has the output {missing}: deploy those of deploy/eks first, in the "
            "order of docs/eks.md, and describe them again"
        )
    return re.sub(pattern, lambda match: outputs[examples[match[0]]], text)


if __name__ == "__main__":
    sys.exit(main())
