"""From calls to a table, and to the word whether all is well."""

from collections import Counter
from typing import NamedTuple

from replica import Life

HEAD = ["calls", "made", "failed", "of these cut short", "longest wait, s"]
# A pause at an end is told with the failures that began not long after it.
NEAR = 60


class Tally(NamedTuple):
    """What became of a trial."""

    title: str
    calls: "list[dict]"
    lives: "list[Life]"
    # Kinds of calls that have to be there.
    kinds: "tuple[str, ...]"

    @property
    def failed(self) -> "list[dict]":
        return [call for call in self.calls if call["trouble"]]

    def faults(self) -> "list[str]":
        """Everything that must not be."""
        found = self.of_calls()
        for life in self.lives:
            if life.code != 0:
                found.append(f"{life.replica} ended with {life.code} after {life.took:.1f} s")
            if life.served == 0:
                found.append(f"{life.replica} was started and then served nobody")
        return found

    def of_calls(self) -> "list[str]":
        found = [f"{one['kind']}: {one['trouble']} {self.when(one)}" for one in self.failed]
        made = {call["kind"] for call in self.calls}
        return found + [f"{kind}: no call was made" for kind in self.kinds if kind not in made]

    def when(self, call: dict) -> str:
        """Where in the rollout a call began and ended: what a fault is looked for by."""
        before = [
            life for life in self.lives if life.told <= call["ended"] and call["ended"] - life.told < NEAR
        ]
        if not before:
            return "(no end was near)"
        life = before[-1]
        began, ended = call["begun"] - life.told, call["ended"] - life.told
        told = f"{life.replica} was told, which took {life.took:.2f} s"
        return f"(from {began:+.2f} s to {ended:+.2f} s after {told})"

    def table(self) -> str:
        kinds = sorted({call["kind"] for call in self.calls})
        rows = [row(kind, [call for call in self.calls if call["kind"] == kind]) for kind in kinds]
        rows.append(row("all", self.calls))
        return "\n".join([f"### {self.title}", "", markdown(HEAD, rows), "", self.ends()])

    def ends(self) -> str:
        if not self.lives:
            return "No replica was ended."
        took, under_way = [life.took for life in self.lives], [life.under_way for life in self.lives]
        return (
            f"{len(self.lives)} times a replica ended: {min(took):.1f} to {max(took):.1f} s from "
            f"the signal to the end, {min(under_way)} to {max(under_way)} calls under way at the signal, "
            f"{min(life.served for life in self.lives)} calls or more answered by each."
        )


def row(kind: str, calls: "list[dict]") -> "list[str]":
    failed = [call for call in calls if call["trouble"]]
    cut = [call for call in failed if call["parts"]]
    longest = max((call["longest"] for call in calls), default=0.0)
    return [kind, str(len(calls)), str(len(failed)), str(len(cut)), f"{longest:.2f}"]


def markdown(head: "list[str]", rows: "list[list[str]]") -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summed(faults: "list[str]", most: int = 20) -> str:
    """The faults, those that are alike but for their time as one."""
    alike = Counter(fault.split(" (", 1)[0] for fault in faults)
    lines = [f"{count} × {fault}" for fault, count in alike.most_common()]
    return "\n".join([*lines, "", *faults[:most]])
