"""What is left of samples."""

import unittest

from driver import Sample
from figures import Series, added, cpu_ratio, ratio


def sample(p50: float, foreign: float = 0.0, cpu: float = 0.1, carried: bool = True) -> Sample:
    times = dict.fromkeys(("mean", "p50", "p95", "p99", "token_p50", "token_p99"), p50)
    shares = {"busy": 0.5, "callers": 0.5, "foreign": foreign}
    return Sample(calls=1000, errors=0, cpu=cpu, seconds=1, carried=carried, **times, **shares)


class Added(unittest.TestCase):
    def test_is_the_median_of_the_differences_inside_a_turn(self):
        base = Series([sample(200), sample(400), sample(210)])
        own = Series([sample(300), sample(510), sample(300)])
        self.assertEqual(added(own, base, "p50"), 100)

    def test_a_turn_counts_only_where_both_are_clean(self):
        base = Series([sample(200), sample(900, foreign=0.5), sample(210)])
        own = Series([sample(300), sample(910), sample(320, foreign=0.06)])
        self.assertEqual(added(own, base, "p50"), 100)

    def test_the_least_disturbed_turn_stands_in_where_none_is_clean(self):
        base = Series([sample(200, foreign=0.5), sample(200)])
        own = Series([sample(300), sample(350, foreign=0.1)])
        self.assertEqual(added(own, base, "p50"), 150)

    def test_turns_that_left_a_system_out_are_not_counted(self):
        base = Series([sample(200), sample(200)])
        self.assertEqual(added(Series([None, sample(230)]), base, "p50"), 30)
        self.assertIsNone(added(Series(), base, "p50"))


class Ratio(unittest.TestCase):
    def test_is_of_what_each_adds(self):
        base, own, other = (Series([sample(micros)]) for micros in (200, 300, 400))
        self.assertEqual(ratio(own, base, other, base, "p50"), 0.5)

    def test_there_is_none_to_a_system_that_adds_nothing(self):
        base, own = Series([sample(200)]), Series([sample(300)])
        self.assertIsNone(ratio(own, base, base, base, "p50"))

    def test_of_processor_time_is_for_each_call(self):
        self.assertAlmostEqual(cpu_ratio(Series([sample(1, cpu=0.1)]), Series([sample(1, cpu=0.4)])), 0.25)


class Carried(unittest.TestCase):
    def test_most_samples_kept_up(self):
        slow = sample(1, carried=False)
        self.assertTrue(Series([sample(1), sample(1), slow]).is_carried)
        self.assertFalse(Series([slow, None]).is_carried)


if __name__ == "__main__":
    unittest.main()
