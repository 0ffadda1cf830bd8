"""The files are filled with what the stacks say, or none of them is touched."""

import contextlib
import io
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import fill
from tests import place


def described(**outputs: str) -> str:
    told = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    other = [{"OutputKey": "Vpc", "OutputValue": "another"}]
    stacks = [
        {"StackName": "ondol-prod-network", "Outputs": told},
        {"StackName": "ondol-prod-access"},
        {"StackName": "ondol-staging-network", "Outputs": other},
        {"StackName": "somebody", "Outputs": other},
    ]
    return json.dumps({"Stacks": stacks})


EVERYTHING = {output: f"of-{output.lower()}" for output in set(fill.EXAMPLES.values())}


class Fill(unittest.TestCase):
    def test_the_longest_example_counts_and_nothing_is_filled_twice(self) -> None:
        outputs = {
            "AccountId": "ap-northeast-2",
            "Region": "eu-west-1",
            "ZoneA": "eu-west-1b",
            "Certificate": "arn:1",
        }
        text = "ap-northeast-2a ap-northeast-2 123456789012 " + next(
            example for example in fill.EXAMPLES if example.startswith("arn:")
        )
        self.assertEqual(fill.fill(text, "prod", outputs), "eu-west-1b eu-west-1 ap-northeast-2 arn:1")

    def test_the_buckets_and_redis_are_those_of_the_environment(self) -> None:
        redis = "master.ondol-staging.abc123.apn2.cache.amazonaws.com"
        text = f"s3://acme-ondol-staging/ondol {redis} acme-ondol-prod"
        filled = fill.fill(text, "staging", {"Bucket": "mine", "RedisHost": "redis"})
        self.assertEqual(filled, "s3://mine/ondol redis acme-ondol-prod")

    def test_only_the_environments_own_stacks_are_read(self) -> None:
        self.assertEqual(fill.outputs_of("prod", described(Vpc="mine")), {"Vpc": "mine"})
        for text in ("", "[]", '{"Stacks": [{}]}'):
            with self.assertRaisesRegex(fill.Trouble, "describe-stacks"):
                fill.outputs_of("prod", text)

    def test_every_example_stands_in_a_file_and_every_output_in_a_template(self) -> None:
        files = [*place.EKS.glob("**/*.yaml"), *(place.ROOT / "deploy/env").glob("*/*/values.yaml")]
        text = "".join(file.read_text("utf-8") for file in files)
        outputs = {name for file in place.TEMPLATES for name in place.template(file.stem).get("Outputs", {})}
        for example, output in fill.EXAMPLES.items():
            with self.subTest(example=example):
                self.assertIn(example.replace("{environment}", "prod"), text)
                self.assertIn(output, outputs)

    def test_nothing_of_the_examples_is_left(self) -> None:
        left = re.compile(r"acme|abc123|example\.com|123456789012|0{8}|ap-northeast")
        shared = [place.EKS / "cluster.yaml", *place.CONTROLLERS.glob("*.yaml")]
        for environment in ("prod", "staging"):
            own = [*(place.ROOT / "deploy/env" / environment).glob("*/values.yaml")]
            self.assertTrue(own)
            for file in shared + own:
                with self.subTest(environment=environment, file=file.name):
                    self.assertNotRegex(fill.fill(file.read_text("utf-8"), environment, EVERYTHING), left)

    def test_what_no_stack_says_is_named_and_no_file_is_touched(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            stacks, first, second = (Path(folder, name) for name in ("stacks.json", "first", "second"))
            stacks.write_text(described(Vpc="mine"), encoding="utf-8")
            first.write_text("vpc-00000000000000001", encoding="utf-8")
            second.write_text("acme-ondol-prod", encoding="utf-8")
            told = io.StringIO()
            arguments = ["fill.py", "prod", str(stacks), str(first), str(second)]
            with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stderr(told):
                self.assertEqual(fill.main(), 1)
            self.assertIn("no stack of prod has the output Bucket", told.getvalue())
            self.assertEqual(first.read_text("utf-8"), "vpc-00000000000000001")
