"""Samples, and what is left of them."""

from statistics import median
from typing import NamedTuple

# More than this share of the processors used by others spoils a sample.
FOREIGN_LIMIT = 0.05


class Sample(NamedTuple):
    value: float
    # Microseconds of Redis's main thread for each job.
    redis: float
    # The share of the processors that others used meanwhile.
    foreign: float

    @property
    def is_clean(self) -> bool:
        return self.foreign <= FOREIGN_LIMIT


class Samples(list):
    """Those of one system at one step, one for each turn."""

    def clean(self) -> "list[Sample]":
        return [sample for sample in self if sample.is_clean]

    def counted(self) -> "list[Sample]":
        """The clean ones; the least disturbed one where none was clean."""
        return self.clean() or sorted(self, key=lambda sample: sample.foreign)[:1]

    def value(self) -> float:
        return median(sample.value for sample in self.counted())

    def redis(self) -> float:
        return median(sample.redis for sample in self.counted())

    def ratio(self, base: "Samples") -> float:
        """The median of the ratios inside a turn: what slows the machine for a minute slows both."""
        turns = [own.value / other.value for own, other in zip(self, base) if own.is_clean and other.is_clean]
        return median(turns) if turns else self.value() / base.value()


def percentile(values: "list[float]", share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
