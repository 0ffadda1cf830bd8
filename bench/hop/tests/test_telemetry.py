"""What telemetry costs, from samples."""

import unittest
import urllib.request

from figures import Series
from peers import System
from telemetry import AS_IN_PROD, OFF, Bench, Loki, cost, table, too_dear, ways
from tests.test_figures import sample


def bench(off: float, everything: float) -> Bench:
    systems = [System(name, name, "grpc", 1, []) for name in (OFF, AS_IN_PROD)]
    made = Bench(None, systems, System("direct-grpc", "directly", "grpc", 1, []), 1, 0)
    made.of("direct-grpc", 100.0).append(sample(200))
    made.of(OFF, 100.0).append(sample(290, cpu=off))
    made.of(AS_IN_PROD, 100.0).append(sample(300, cpu=everything))
    return made


class Telemetry(unittest.TestCase):
    def test_its_cost_is_a_share_of_what_a_call_takes_with_it(self) -> None:
        own, off = Series([sample(300, cpu=0.100)]), Series([sample(290, cpu=0.097)])
        self.assertAlmostEqual(cost(own, off), 0.03)

    def test_the_table_says_what_it_costs_and_adds(self) -> None:
        text = table(bench(0.097, 0.100), [100.0])
        self.assertIn(f"| 100 | {OFF} | 97 | – | +90 | +90 | 1 of 1 |", text)
        self.assertIn(f"| 100 | {AS_IN_PROD} | 100 | 3.0 % | +100 | +100 | 1 of 1 |", text)

    def test_what_costs_more_than_it_may_is_told(self) -> None:
        self.assertEqual(too_dear(bench(0.097, 0.100), [100.0]), [])
        self.assertEqual(too_dear(bench(0.090, 0.100), [100.0]), ["100 calls/s: 10.0 %, 5 % at most"])

    def test_each_way_tells_more_than_the_one_before(self) -> None:
        told = [set(way.flags) for way in ways("http://c", "http://l")]
        for less, more in zip(told[1:], told[2:]):
            self.assertLessEqual(less - {"0.05"}, more)

    def test_the_loki_takes_what_is_pushed(self) -> None:
        request = urllib.request.Request(f"{Loki().url}/loki/api/v1/push", data=b"x" * 100_000)
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(answer.status, 204)


if __name__ == "__main__":
    unittest.main()
