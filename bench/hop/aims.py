"""What an overload is held to, and the tables that docs/benchmarks.md can quote."""

from typing import NamedTuple

from show import markdown, percent
from surge import Calls, Phase, Run

# What is promised: times of admitted calls, as a multiple of normal ones; processor time per refusal.
TIMES_NORMAL = 2.0
REFUSAL_MICROS = 50.0
# Memory that is flat grows by no more than this from a quarter of the overload to its end.
GROWTH = 0.05

ADMITTED = "p99 of admitted calls, × normal"
REFUSED = "processor time per refused call, µs"
MEMORY = "growth of memory from a quarter of it to its end"
WRONG = "calls that failed otherwise, or were not told when to come back"
AGAIN = "p99 of the first second after it, × normal"
LOST = "last call refused or failed after it, ms"


class Aim(NamedTuple):
    what: str
    seen: str
    at_most: str
    is_met: bool


class Overload(NamedTuple):
    """One way to refuse: normal, too much, and normal again."""

    title: str
    run: Run

    @property
    def phases(self) -> "tuple[Phase, Phase, Phase]":
        normal, over, after = self.run.phases
        return normal, over, after

    @property
    def refusal_micros(self) -> float:
        """The overload's processor time, without what its good calls take, for each refusal."""
        normal, over, _ = self.phases
        spent = over.cpu * 1e6 - over.all.good * normal.cpu_micros
        return spent / max(1, over.all.refused)

    @property
    def growth(self) -> float:
        over = self.phases[1]
        return over.memory(1) / over.memory(0.25) - 1

    def aims(self) -> "list[Aim]":
        normal, over, after = self.phases
        ratio, again = (calls.p99 / max(1.0, normal.all.p99) for calls in (over.all, after.first_second))
        # What was let in last takes its time, and as long its place.
        lost, one = after.last_lost or 0.0, normal.all.p99
        times = f"below {TIMES_NORMAL:.0f}"
        return [
            Aim(ADMITTED, f"{ratio:.2f}", times, ratio < TIMES_NORMAL),
            refusals(self.refusal_micros),
            Aim(MEMORY, percent(self.growth, 1), percent(GROWTH), self.growth <= GROWTH),
            wrong(over.all),
            Aim(AGAIN, f"{again:.2f}", times, again < TIMES_NORMAL),
            Aim(LOST, milliseconds(lost), f"{milliseconds(one)}, as a call takes", lost <= one),
        ]


class Flood(NamedTuple):
    """Calls of which all but a few are refused, one way."""

    title: str
    run: Run
    is_judged: bool

    @property
    def refusal_micros(self) -> float:
        phase = self.run.phases[0]
        return phase.cpu * 1e6 / max(1, phase.all.refused)

    def aims(self) -> "list[Aim]":
        return [refusals(self.refusal_micros), wrong(self.run.phases[0].all)] if self.is_judged else []


def refusals(micros: float) -> Aim:
    return Aim(REFUSED, f"{micros:.0f}", f"{REFUSAL_MICROS:.0f}", micros <= REFUSAL_MICROS)


def wrong(calls: Calls) -> Aim:
    count = calls.failed + calls.without_hint
    return Aim(WRONG, str(count), "0", count == 0)


def tables(overloads: "list[Overload]", floods: "list[Flood]") -> str:
    head = ["refused by", "phase", "calls/s", "answered/s", "p50, ms", "p99, ms", "refused"]
    head += ["refused in p50 / p99, ms", "failed", "its processor", "µs of it per refusal", "memory, MiB"]
    rows = [row for overload in overloads for row in overload_rows(overload)]
    rows += [flood_row(flood) for flood in floods]
    lines = []
    for one in [*overloads, *floods]:
        title = one.title if isinstance(one, Overload) else f"{one.title}, flood"
        lines += [[title, *aim[:3], "met" if aim.is_met else "**not met**"] for aim in one.aims()]
    judged = markdown(["refused by", "aim", "seen", "at most", ""], lines) if lines else ""
    return f"{markdown(head, rows)}\n\n{judged}".rstrip()


def overload_rows(overload: Overload) -> "list[list[str]]":
    normal, over, after = overload.phases
    title, times = overload.title, f"{over.rate / normal.rate:.0f}×"
    meanwhile = ", ".join(f"{over.memory(share):.0f}" for share in (0, 0.25, 0.5, 1))
    return [
        [title, "normal", *cells(normal), "–", f"{normal.memory(1):.0f}"],
        [title, times, *cells(over), f"{overload.refusal_micros:.0f}", meanwhile],
        [title, "the first second after", *counts(after.rate, after.first_second, 1), "–", "–", "–"],
        [title, "normal again", *cells(after), "–", f"{after.memory(1):.0f}"],
    ]


def flood_row(flood: Flood) -> "list[str]":
    phase = flood.run.phases[0]
    return [flood.title, "flood", *cells(phase), f"{flood.refusal_micros:.0f}", f"{phase.memory(1):.0f}"]


def cells(phase: Phase) -> "list[str]":
    return [*counts(phase.rate, phase.all, phase.seconds), percent(phase.cpu / phase.seconds)]


def counts(rate: float, calls: Calls, seconds: float) -> "list[str]":
    answered = [f"{calls.good / seconds:,.0f}"]
    answered += [milliseconds(calls.p50), milliseconds(calls.p99)] if calls.good else ["–", "–"]
    refused = ["0", "–"]
    if calls.refused:
        reasons = ", ".join(sorted(calls.reasons))
        times = f"{milliseconds(calls.refused_p50)} / {milliseconds(calls.refused_p99)}"
        refused = [f"{calls.refused:,} ({reasons})", times]
    return [f"{rate:,.0f}", *answered, *refused, str(calls.failed)]


def milliseconds(micros: float) -> str:
    return f"{micros / 1000:.1f}"
