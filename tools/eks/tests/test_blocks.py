"""Blocks of the guide that need neither AWS nor a cluster are run as they are written, in a copy of all."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

import charts
import fill
import guide
import manifests
from tests import place

PROGRAMS = os.environ.get("ONDOL_TEST_PROGRAMS", "")
# What stacks of another account, in another region, could say.
OUTPUTS = {
    "AccountId": "210987654321",
    "Region": "eu-central-1",
    "ZoneA": "eu-central-1a",
    "ZoneB": "eu-central-1b",
    "ZoneC": "eu-central-1c",
    "Vpc": "vpc-0a1b2c3d4e5f60718",
    **{
        f"{kind}{zone}": f"subnet-0{number}{zone.lower()}2c3d4e5f607181"
        for number, kind in enumerate(("Public", "Private"))
        for zone in "ABC"
    },
    "LoadBalancerGroup": "sg-0a1b2c3d4e5f60718",
    "Bucket": "tetra-ondol-prod",
    "ModelsBucket": "tetra-ondol-prod-models",
    "LogsBucket": "tetra-ondol-prod-logs",
    "RedisHost": "master.ondol-prod.xyz789.euc1.cache.amazonaws.com",
    "Domain": "ai.tetra.example",
    "Certificate": "arn:aws:acm:eu-central-1:210987654321:certificate/0a1b2c3d-0000-1111-2222-333344445555",
}


class Copy:
    """A copy of what the guide works on, with a `helm`, and an `ondol` where there is one."""

    def __init__(self, folder: Path):
        self.root = folder / "ondol"
        for name in ("deploy", "helm", "tools/eks"):
            shutil.copytree(place.ROOT / name, self.root / name, symlinks=True)
        told = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        stacks = {"Stacks": [{"StackName": "ondol-prod-all", "Outputs": told}]}
        (self.root / "stacks.json").write_text(json.dumps(stacks), encoding="utf-8")
        programs = folder / "bin"
        programs.mkdir()
        script = place.ROOT / "tools/eks/tests/helm.py"
        (programs / "helm").write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8"
        )
        (programs / "helm").chmod(0o755)
        if PROGRAMS:
            (programs / "ondol").symlink_to(Path(PROGRAMS, "ondol").resolve())
        paths = [str(place.ROOT / "tools/charts"), os.environ.get("PYTHONPATH", "")]
        self.environment = {
            "HOME": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": ":".join(paths),
            **{f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.run("git init --quiet && git add . && git commit --quiet --message begin")

    def run(self, text: str) -> None:
        command = ["bash", "-euo", "pipefail", "-c", text]
        told = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True)
        if told.returncode:
            raise AssertionError(f"{text}\n{told.stdout}{told.stderr}")

    def values(self, release: str) -> dict:
        return yaml.safe_load((self.root / f"deploy/env/prod/{release}/values.yaml").read_text("utf-8"))


class Blocks(unittest.TestCase):
    def test_they_do_what_they_say(self) -> None:
        plain = [block for block in guide.shell() if not block.mark]
        self.assertGreater(len(plain), 3)
        with tempfile.TemporaryDirectory() as folder:
            copy = Copy(Path(folder))
            for block in plain:
                programs = {words[0] for words in guide.calls(block.text)}
                if PROGRAMS or "ondol" not in programs:
                    copy.run(block.text)
            self.everything_is_ours(copy)
            self.the_new_model_is_served(copy)
            if PROGRAMS:
                keys = json.loads((copy.root / "api-keys.json").read_text("utf-8"))["keys.toml"]
                self.assertEqual(keys.count("[[keys]]"), 2)
                self.assertNotIn("ondol_", keys)
                self.the_first_key_is_that_of_the_last_step(copy, keys)

    def the_first_key_is_that_of_the_last_step(self, copy: Copy, keys: str) -> None:
        """That step needs AWS; where it has the key from does not."""
        (line,) = re.findall(
            r"^export ONDOL_API_KEY=.*$", "".join(b.text for b in guide.shell()), re.MULTILINE
        )
        copy.run(f'{line}\nprintf %s "$ONDOL_API_KEY" > key')
        key = (copy.root / "key").read_bytes()
        self.assertIn(f'sha256 = "{hashlib.sha256(key).hexdigest()}"', keys)
        self.assertEqual((copy.root / "operator.secret").stat().st_mode & 0o777, 0o600)

    def everything_is_ours(self, copy: Copy) -> None:
        text = (copy.root / "deploy/eks/cluster.yaml").read_text("utf-8")
        for output in ("AccountId", "Region", "ZoneC", "Vpc", "PrivateB"):
            self.assertIn(OUTPUTS[output], text)
        self.assertFalse([example for example in fill.EXAMPLES if example in text])
        for release in place.rendered():
            found = charts.render(place.chart_of(release), copy.values(release), release)
            self.assertEqual(manifests.problems(found, "1.36"), [], release)
        self.assertEqual(copy.values("api")["ingress"]["alb"]["certificateArn"], OUTPUTS["Certificate"])

    def the_new_model_is_served(self, copy: Copy) -> None:
        found = list(yaml.safe_load_all((copy.root / "medium.yaml").read_text("utf-8")))
        pod = charts.workload([m for m in found if m])["spec"]["template"]["spec"]
        self.assertEqual(pod["serviceAccountName"], "llm-medium")
        self.assertIn("smollm2-360m-instruct", pod["initContainers"][0]["args"])
        text = "".join(block.text for block in guide.shell())
        self.assertIn(f"--service-account-name {pod['serviceAccountName']} ", text)
