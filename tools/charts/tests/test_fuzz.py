"""Values by chance: what passes the schema renders what is valid, or is refused in words."""

import json
import os
import random
import time
import unittest
from typing import Any

import charts
import invariants
import manifests
import sample
import watching

# The same ones in every run. Other seeds look elsewhere, and with more rounds and seconds for longer.
SEED = int(os.environ.get("ONDOL_FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("ONDOL_FUZZ_ROUNDS", "120"))
# For each chart; a slow machine stops here.
SECONDS = float(os.environ.get("ONDOL_FUZZ_SECONDS", "20"))

RELEASES = ("api", "llm-inference", "mcp", "worker", "o", "123", "true", "1e3", "a.b-c", "x" * 53)


class Fuzz(unittest.TestCase):
    def rounds(self, name: str) -> None:
        schema = json.loads((charts.HELM / name / "values.schema.json").read_text("utf-8"))
        bases = [values for case, values in charts.cases().items() if case.startswith(f"{name}/")]
        until, rendered = time.monotonic() + SECONDS, 0
        for number in range(ROUNDS):
            if time.monotonic() > until:
                print(f"{name}: stopped after {number} of {ROUNDS} rounds", flush=True)
                break
            chance = random.Random(f"{SEED} {name} {number}")
            sampler = sample.Sampler(schema, chance.randrange(2**32))
            base, share = chance.choice(bases), chance.choice((0.05, 0.15, 0.4))
            values = charts.laid_over(base, sampler.some(schema, share))
            with self.subTest(seed=SEED, round=number, values=values):
                rendered += self.tried(name, values, chance)
        # Where all are refused, nothing was tried.
        self.assertGreater(rendered, number / 5)

    def tried(self, name: str, values: dict[str, Any], chance: random.Random) -> bool:
        try:
            found = charts.render(name, values, chance.choice(RELEASES))
        except charts.Refused as refusal:
            self.assertRegex(str(refusal), r"^[a-zA-Z0-9.-]+: ")
            return False
        self.assertEqual(manifests.problems(found, chance.choice(manifests.KUBERNETES)), [])
        rules = watching if name == "observability" else invariants
        self.assertEqual(rules.broken(found), [])
        return True

    def test_api(self) -> None:
        self.rounds("api")

    def test_llm_inference(self) -> None:
        self.rounds("llm-inference")

    def test_mcp(self) -> None:
        self.rounds("mcp")

    def test_worker(self) -> None:
        self.rounds("worker")

    def test_observability(self) -> None:
        self.rounds("observability")
