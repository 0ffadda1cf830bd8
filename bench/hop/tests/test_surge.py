"""What is made of the callers' word and of looks at the system."""

import unittest

from surge import Look, told

CALLS = {
    **dict.fromkeys(("calls", "good", "refused", "without_hint", "failed"), 100),
    **dict.fromkeys(("p50", "p99", "refused_p50", "refused_p99", "late_p99"), 1000.0),
    **{"reasons": {}, "error": None},
}


def phases() -> "list[dict]":
    seconds = (2.0, 4.0)
    common = {"rate": 50.0, "all": CALLS, "first_second": CALLS, "last_lost": None}
    return [{**common, "seconds": it} for it in seconds]


class Told(unittest.TestCase):
    def setUp(self):
        # Half a processor for two seconds, then all of one, and a MiB more with each second.
        looks = [Look(at / 4, at / 8 if at <= 8 else 1 + (at - 8) / 4, at / 4) for at in range(29)]
        self.first, self.second = told(phases(), looks)

    def test_processor_time_is_that_of_the_phase(self):
        self.assertAlmostEqual(self.first.cpu, 1.0)
        self.assertAlmostEqual(self.second.cpu, 4.0)
        self.assertAlmostEqual(self.first.cpu_micros, 10_000)

    def test_memory_is_that_of_a_share_of_the_phase(self):
        self.assertEqual([self.second.memory(share) for share in (0, 0.25, 1)], [2.0, 3.0, 6.0])

    def test_looks_that_do_not_fall_on_the_ends_are_parted(self):
        looks = [Look(-0.5, 0.0, 1.0), Look(1.5, 1.0, 1.0), Look(2.5, 3.0, 1.0), Look(7.0, 3.0, 1.0)]
        first, second = told(phases(), looks)
        self.assertAlmostEqual(first.cpu, 2.0 - 0.25)
        self.assertAlmostEqual(second.cpu, 1.0)


if __name__ == "__main__":
    unittest.main()
