"""What the services' roles may do: all that the services do with objects, and nothing that they do not."""

import re
import unittest
from fnmatch import fnmatchcase
from typing import Any

from tests import place

BUCKETS = {"Bucket": "artifacts", "ModelsBucket": "models", "LogsBucket": "logs"}
READ, WRITE, DELETE = "GetObject", "PutObject", "DeleteObject"
# What each service does with what lies below `ondol/`, by its code: libs/artifacts, desk.rs of api,
# scratch.rs of worker; overflow.rs of libs/tools and protocol.rs of mcp.
DOES = {
    "api": {"uploads": {READ, WRITE}, "payloads": {READ, WRITE, DELETE}, "generated": {READ, WRITE, DELETE}},
    "worker": {
        "uploads": {READ},
        "payloads": {READ, DELETE},
        "generated": {READ, WRITE, DELETE},
        "scratch": {READ, WRITE, DELETE},
    },
    "mcp": {"tools": {READ, WRITE}, "tasks": {READ, WRITE, DELETE}, "mcp": {READ, WRITE}},
    "llm-inference": {},
}


def statements(service: str) -> list[tuple[list[str], list[str], dict[str, Any]]]:
    """Actions, resources and conditions of a role."""
    for role in place.resources("access", "AWS::IAM::Role"):
        if role["RoleName"]["Fn::Sub"] == f"ondol-${{Environment}}-{service}":
            assert "ManagedPolicyArns" not in role, service
            documents = [policy["PolicyDocument"]["Statement"] for policy in role["Policies"]]
            return [
                (listed(one["Action"]), list(map(written, listed(one["Resource"]))), one.get("Condition", {}))
                for document in documents
                for one in document
            ]
    raise KeyError(service)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def written(resource: Any) -> str:
    """An ARN with the names of buckets in it."""
    text = resource if isinstance(resource, str) else resource["Fn::Sub"]
    if isinstance(text, list):
        text, variables = text
        export = variables["Bucket"]["Fn::ImportValue"]["Fn::Sub"].rpartition("-")[2]
        text = text.replace("${Bucket}", BUCKETS[export])
    return text.replace("${AWS::Partition}", "aws")


def may(service: str, action: str, resource: str) -> bool:
    return any(
        any(fnmatchcase(f"s3:{action}", one) for one in actions)
        and any(fnmatchcase(resource, one) for one in resources)
        for actions, resources, _ in statements(service)
    )


class Objects(unittest.TestCase):
    def test_each_service_may_do_what_it_does_and_no_more(self) -> None:
        prefixes = sorted({prefix for does in DOES.values() for prefix in does} | {"elsewhere"})
        for service, does in DOES.items():
            for prefix in prefixes:
                for action in (READ, WRITE, DELETE):
                    with self.subTest(service=service, prefix=prefix, action=action):
                        allowed = may(service, action, f"arn:aws:s3:::artifacts/ondol/{prefix}/a/b")
                        self.assertEqual(allowed, action in does.get(prefix, ()))

    def test_the_prefixes_are_those_of_the_code(self) -> None:
        layout = (place.ROOT / "libs/artifacts/src/layout.rs").read_text("utf-8")
        names = set(re.findall(r'format!\("([a-z]+)/\{', layout))
        self.assertEqual(names, set(DOES["api"]) | set(DOES["worker"]))
        for file, name in (
            ("libs/tools/src/policy/overflow.rs", "tools"),
            ("services/mcp/src/protocol/tasks/name.rs", "tasks"),
            ("services/mcp/src/protocol/seal.rs", "mcp"),
        ):
            self.assertIn(f'"{name}/', (place.ROOT / file).read_text("utf-8"))

    def test_a_cut_download_may_go_on_and_a_version_stays(self) -> None:
        for service in DOES:
            prefix = f"artifacts/ondol/{next(iter(DOES[service]), '')}/a"
            key = f"arn:aws:s3:::{'models/packages/a' if service == 'llm-inference' else prefix}"
            with self.subTest(service=service):
                self.assertTrue(may(service, "GetObjectVersion", key))
                self.assertFalse(may(service, "DeleteObjectVersion", key))
                self.assertFalse(may(service, "ListBucketVersions", "arn:aws:s3:::artifacts"))

    def test_what_is_missing_is_told_apart_from_what_is_refused(self) -> None:
        """By S3, to those who may list the bucket without naming a prefix."""
        for service in DOES:
            bucket = "models" if service == "llm-inference" else "artifacts"
            with self.subTest(service=service):
                conditions = [
                    condition
                    for actions, resources, condition in statements(service)
                    if "s3:ListBucket" in actions and f"arn:aws:s3:::{bucket}" in resources
                ]
                self.assertEqual(conditions, [{}])
