"""What is said in the place of api's pods is what api says: the same names, labels and edges."""

import json
import re
import unittest
from pathlib import Path

import exporter

ROOT = Path(exporter.__file__).resolve().parents[2]


def source(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


class Exporting(unittest.TestCase):
    def test_edges_are_those_of_the_code(self) -> None:
        found = re.search(r"\[(0\.001,[^\]]*)\]", source("libs/telemetry/src/metrics.rs"))
        self.assertEqual(tuple(json.loads(f"[{found[1]}]")), exporter.EDGES)

    def test_names_are_those_of_the_code(self) -> None:
        metrics = source("libs/rpc/src/metrics.rs")
        self.assertIn(f'"{exporter.NAME.removesuffix("_seconds")}"', metrics)
        told = exporter.exposition({exporter.calls()[0]: 3.0})
        for label in set(re.findall(r"(rpc_\w+)=", told)):
            self.assertIn(f"    {label}: ", metrics)
        self.assertIn(exporter.CONTENT_TYPE, source("libs/telemetry/src/metrics/exposition.rs"))

    def test_calls_are_in_the_buckets_that_they_took_the_time_of(self) -> None:
        slow, quick = exporter.calls(seconds=1.5)[0], exporter.calls(seconds=0.02)[0]
        told = exporter.exposition({slow: 3.9, quick: 5.0})
        lines = dict(line.rsplit(" ", 1) for line in told.split("\n") if line.startswith(exporter.NAME))
        below = {re.search(r'le="([^"]*)"', name)[1]: int(n) for name, n in lines.items() if "le=" in name}
        self.assertEqual((below["0.01"], below["0.025"], below["1.0"]), (0, 5, 5))
        self.assertEqual((below["2.0"], below["+Inf"]), (8, 8))
        self.assertTrue(told.endswith("# EOF\n"))

    def test_a_pod_goes_on_counting_when_its_trial_turns(self) -> None:
        pod = exporter.Pod()
        pod.seen -= 10
        before = pod.metrics(exporter.TRIALS["good"])
        after = pod.metrics(exporter.TRIALS["unused"])
        count = f'{exporter.NAME}_count{{rpc_service="{exporter.INFERENCE}",rpc_method="ListModels"'
        found = [[line for line in told.split("\n") if line.startswith(count)] for told in (before, after)]
        self.assertEqual(found[0], found[1])
        self.assertGreaterEqual(int(found[0][0].rsplit(" ", 1)[1]), 400)
