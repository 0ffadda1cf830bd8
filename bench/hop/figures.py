"""Samples of many turns, and what is left of them.

What a system adds is the difference to calling the model directly, at the same rate in the same turn: what
slows the machine for a minute slows both.
"""

from collections.abc import Callable
from statistics import median
from typing import Optional

from driver import Sample

# More than this share of the processors used by others spoils a sample.
FOREIGN_LIMIT = 0.05


class Series(list):
    """Samples of one system at one step, one for each turn; None where a turn left it out."""

    def clean(self) -> "list[Sample]":
        return [sample for sample in self if sample and sample.foreign <= FOREIGN_LIMIT]

    def counted(self) -> "list[Sample]":
        """The clean ones; the least disturbed one where none was clean."""
        taken = filter(None, self)
        return self.clean() or sorted(taken, key=lambda sample: sample.foreign)[:1]

    def median(self, of: "Callable[[Sample], float]") -> float:
        return median(of(sample) for sample in self.counted())

    @property
    def is_carried(self) -> bool:
        """Whether most samples kept up with the calls."""
        taken = list(filter(None, self))
        return sum(sample.carried for sample in taken) * 2 > len(taken)


def pairs(*series: Series) -> "list[tuple[Sample, ...]]":
    """What was taken in the same turn, where all of it is clean; the least disturbed turn where none is."""
    turns = [turn for turn in zip(*series) if all(turn)]
    clean = [turn for turn in turns if disturbance(turn) <= FOREIGN_LIMIT]
    return clean or sorted(turns, key=disturbance)[:1]


def disturbance(turn: "tuple[Sample, ...]") -> float:
    return max(sample.foreign for sample in turn)


def added(own: Series, base: Series, field: str) -> "Optional[float]":
    """The median of what came on top, in the field's own unit."""
    differences = [getattr(one, field) - getattr(other, field) for one, other in pairs(own, base)]
    return median(differences) if differences else None


def ratio(own: Series, base: Series, other: Series, other_base: Series, field: str) -> "Optional[float]":
    """What one system adds, as a share of what another one adds."""
    ratios = []
    for turn in pairs(own, base, other, other_base):
        ours, nothing, theirs, theirs_nothing = (getattr(sample, field) for sample in turn)
        # Where the other one adds next to nothing, a ratio says nothing.
        if theirs - theirs_nothing >= 1:
            ratios.append((ours - nothing) / (theirs - theirs_nothing))
    return median(ratios) if ratios else None


def cpu_ratio(own: Series, other: Series) -> "Optional[float]":
    ratios = [one.cpu_micros / theirs.cpu_micros for one, theirs in pairs(own, other) if theirs.cpu]
    return median(ratios) if ratios else None
