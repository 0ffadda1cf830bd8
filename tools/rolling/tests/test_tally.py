"""From calls to a table and a verdict."""

import unittest

from replica import Life
from tally import Tally, summed


def call(kind: str, trouble: str = "", parts: int = 1, begun: float = 100.0) -> dict:
    return {
        "kind": kind,
        "begun": begun,
        "ended": begun + 1,
        "trouble": trouble,
        "parts": parts,
        "longest": 0.25,
    }


def life(replica: str = "api-1", code: int = 0, served: int = 7, told: float = 90.0) -> Life:
    return Life(replica, told, 5.5, code, served, 3)


def tally(calls: "list[dict]", lives: "list[Life]") -> Tally:
    return Tally("nginx 1.2.3", calls, lives, ("unary", "streamed"))


class Verdict(unittest.TestCase):
    def test_nothing_is_wrong_where_every_call_succeeded(self) -> None:
        self.assertEqual(tally([call("unary"), call("streamed")], [life()]).faults(), [])

    def test_a_failed_call_is_told_with_where_in_the_rollout_it_was(self) -> None:
        failed = call("streamed", "UNAVAILABLE: gone", begun=92.0)
        lives = [life("api-1", told=50.0), life("api-2"), life("api-1", told=99.0)]
        (fault,) = tally([call("unary"), failed], lives).faults()
        self.assertIn("streamed: UNAVAILABLE: gone", fault)
        self.assertIn("from +2.00 s to +3.00 s after api-2 was told, which took 5.50 s", fault)

    def test_a_kind_that_nobody_called_is_a_fault(self) -> None:
        self.assertEqual(tally([call("unary")], [life()]).faults(), ["streamed: no call was made"])

    def test_a_replica_must_end_well_and_have_served(self) -> None:
        lives = [life("api-1", code=1), life("api-2", served=0)]
        faults = tally([call("unary"), call("streamed")], lives).faults()
        self.assertEqual(
            faults, ["api-1 ended with 1 after 5.5 s", "api-2 was started and then served nobody"]
        )

    def test_faults_that_are_alike_are_counted(self) -> None:
        said = summed(["unary: gone (from +1 s)", "unary: gone (from +2 s)", "streamed: cut (from +1 s)"])
        self.assertEqual(said.split("\n")[:2], ["2 × unary: gone", "1 × streamed: cut"])


class Table(unittest.TestCase):
    def test_counts_by_kind_and_all(self) -> None:
        calls = [call("unary"), call("unary", "UNAVAILABLE", 0), call("streamed", "cut short", 4)]
        rows = tally(calls, [life()]).table().split("\n")
        self.assertIn("| unary | 2 | 1 | 0 | 0.25 |", rows)
        self.assertIn("| streamed | 1 | 1 | 1 | 0.25 |", rows)
        self.assertIn("| all | 3 | 2 | 1 | 0.25 |", rows)
