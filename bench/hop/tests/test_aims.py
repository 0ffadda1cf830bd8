"""What is promised of an overload, and the tables."""

import unittest

from aims import ADMITTED, AGAIN, LOST, MEMORY, REFUSED, WRONG, Flood, Overload, tables
from surge import Calls, Look, Phase, Run


def calls(good: int, refused: int = 0, p99: float = 100_000, **more) -> Calls:
    times = dict.fromkeys(("p50", "refused_p50", "refused_p99", "late_p99"), 1000.0)
    fields = {"reasons": {"BUSY": refused} if refused else {}, "without_hint": 0, "failed": 0, "error": None}
    fields.update(more)
    return Calls(calls=good + refused, good=good, p99=p99, refused=refused, **times, **fields)


def phase(rate: float, cpu: float, every: Calls, first: "Calls | None" = None, **more) -> Phase:
    memory, lost = more.get("memory", (50.0, 50.0)), more.get("lost")
    looks = [Look(at, 0.0, memory[at > 5]) for at in range(11)]
    return Phase(rate, 10.0, every, first or every, lost, cpu, looks)


def overload(over: Phase, after: "Phase | None" = None) -> Overload:
    normal = phase(100, 0.5, calls(1000))
    return Overload("the gate", Run([normal, over, after or normal], 0.0))


def unmet(one) -> "list[str]":
    return [aim.what for aim in one.aims() if not aim.is_met]


class Aims(unittest.TestCase):
    def test_a_refusal_costs_what_good_calls_leave(self):
        # 0.5 ms for each good call, and 40 µs for each refusal.
        one = overload(phase(1000, 0.6 + 0.352, calls(1200, 8800)))
        self.assertAlmostEqual(one.refusal_micros, 40.0)
        self.assertEqual(unmet(one), [])
        self.assertEqual(unmet(overload(phase(1000, 1.2, calls(1200, 8800)))), [REFUSED])

    def test_admitted_calls_stay_below_twice_the_normal_time(self):
        self.assertEqual(unmet(overload(phase(1000, 0.9, calls(1200, 8800, p99=199_000)))), [])
        self.assertEqual(unmet(overload(phase(1000, 0.9, calls(1200, 8800, p99=200_000)))), [ADMITTED])

    def test_memory_is_flat_once_the_overload_is_there(self):
        grown = phase(1000, 0.9, calls(1200, 8800), memory=(50.0, 60.0))
        self.assertEqual(unmet(overload(grown)), [MEMORY])

    def test_refusals_without_a_hint_and_failures_are_counted(self):
        for wrong in ({"without_hint": 1}, {"failed": 1}):
            self.assertEqual(unmet(overload(phase(1000, 0.9, calls(1200, 8800, **wrong)))), [WRONG])

    def test_right_after_it_calls_are_as_quick_as_before(self):
        over = phase(1000, 0.9, calls(1200, 8800))
        late = phase(100, 0.5, calls(1000), calls(100, p99=250_000))
        self.assertEqual(unmet(overload(over, late)), [AGAIN])

    def test_what_it_leaves_behind_is_gone_when_a_call_would_be(self):
        over = phase(1000, 0.9, calls(1200, 8800))
        for lost, expected in ((99_000.0, []), (101_000.0, [LOST])):
            after = phase(100, 0.5, calls(998, 2), lost=lost)
            self.assertEqual(unmet(overload(over, after)), expected)

    def test_a_flood_has_its_processor_time_for_refusals_alone(self):
        flood = Flood("a key", Run([phase(1000, 0.6, calls(2, 9998))], 0.0), is_judged=True)
        self.assertAlmostEqual(flood.refusal_micros, 60.0, places=1)
        self.assertEqual(unmet(flood), [REFUSED])
        self.assertEqual(flood._replace(is_judged=False).aims(), [])


class Tables(unittest.TestCase):
    def test_every_phase_has_a_row_and_every_aim_a_verdict(self):
        one = overload(phase(1000, 0.952, calls(1200, 8800)))
        flood = Flood("a key", Run([phase(1000, 0.6, calls(0, 10_000))], 0.0), is_judged=True)
        text = tables([one], [flood])
        self.assertIn("| the gate | normal | 100 | 100 | 1.0 | 100.0 | 0 | – | 0 | 5 % | – | 50 |", text)
        self.assertIn("| the gate | 10× | 1,000 | 120 | 1.0 | 100.0 | 8,800 (BUSY) | 1.0 / 1.0 | 0 |", text)
        self.assertIn("| a key | flood | 1,000 | 0 | – | – | 10,000 (BUSY) |", text)
        self.assertIn(f"| the gate | {REFUSED} | 40 | 50 | met |", text)
        self.assertIn(f"| a key, flood | {REFUSED} | 60 | 50 | **not met** |", text)


if __name__ == "__main__":
    unittest.main()
