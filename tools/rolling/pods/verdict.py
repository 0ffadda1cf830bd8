"""From calls, jobs and the ends of pods to tables, and to the word whether all is well."""

import re
from pathlib import Path
from typing import NamedTuple

import tally
from pods import excerpts
from pods.books import Books
from pods.pod import End
from replica import Life

PODS = ["service", "pods ended", "ready after, s", "longest from deletion, s", "longest from SIGTERM, s"]
PODS += ["calls under way at SIGTERM", "SIGKILLs"]

# After so many of the charts' seconds in service everybody knows a pod: endpoints are told a second late,
# names are looked up every 15 s and kept for 5 more.
KNOWN = 21.0
# How long nobody may have anything to do for one that is known; and for a worker, whom nobody has to know, as
# jobs are few. Neither calls nor jobs come faster where the charts' seconds pass faster.
IDLE, JOBLESS = 4.0, 25.0
# Failures that are told with what was logged.
FIRST = 3


class Verdict(NamedTuple):
    title: str
    calls: "list[dict]"
    ends: "list[End]"
    books: Books
    # What has to be there: kinds of calls, and services of which pods ended.
    kinds: "tuple[str, ...]"
    services: "tuple[str, ...]"
    # What the pods' clock lags behind the one on the wall.
    offset: float = 0.0
    # How many times faster the charts' seconds passed.
    scale: float = 1.0

    def faults(self) -> "list[str]":
        calls = tally.Tally(self.title, self.calls, self.lives(), self.kinds)
        ended = {end.service for end in self.ends}
        never = [f"{service}: no pod was replaced" for service in self.services if service not in ended]
        pods = [fault for end in self.ends for fault in of_pod(end, self.scale)]
        return [*calls.of_calls(), *pods, *never, *self.books.faults()]

    def lives(self) -> "list[Life]":
        """The ends as those of replicas, told from their deletion on."""
        gone = sorted((end for end in self.ends if end.deleted is not None), key=lambda end: end.deleted)
        return [Life(end.pod, end.deleted + self.offset, end.took, end.code, *end.figures) for end in gone]

    def excerpts(self, folder: Path) -> str:
        """What pods logged around the first failures."""
        parts = []
        for call in [call for call in self.calls if call["trouble"]][:FIRST]:
            lines = excerpts.around(folder, call["begun"], call["ended"])
            parts += ["", f"around {call['kind']}: {call['trouble']}", *lines]
        names = re.findall(r"jobs/([0-9a-f]+)", " ".join(self.books.faults()))
        for name in list(dict.fromkeys(names))[:FIRST]:
            parts += ["", f"of the job {name}", *excerpts.about(folder, name)]
        return "\n".join(parts)

    def table(self) -> str:
        kinds = sorted({call["kind"] for call in self.calls})
        rows = [tally.row(kind, [call for call in self.calls if call["kind"] == kind]) for kind in kinds]
        rows.append(tally.row("all", self.calls))
        pods = [of_service(service, self.ends) for service in self.services]
        parts = [f"### {self.title}", tally.markdown(tally.HEAD, rows), tally.markdown(PODS, pods)]
        return "\n\n".join([*parts, self.books.summary()])


def of_service(service: str, ends: "list[End]") -> "list[str]":
    ends = [end for end in ends if end.service == service]
    starts = [end.start for end in ends if end.start is not None]
    return [
        service,
        str(len(ends)),
        f"{min(starts, default=0):.0f} to {max(starts, default=0):.0f}",
        f"{max((end.took for end in ends), default=0):.1f}",
        f"{max((end.drain for end in ends), default=0):.1f}",
        # Workers are called by nobody.
        "–" if service == "worker" else str(sum(end.figures.under_way for end in ends)),
        str(sum(end.killed for end in ends)),
    ]


def of_pod(end: End, scale: float) -> "list[str]":
    """Everything that must not be."""
    found = []
    if end.killed:
        found.append(f"{end.pod} was killed {end.took:.1f} s after its deletion")
    elif end.code != 0:
        found.append(f"{end.pod} ended with {end.code}")
    if end.fault:
        found.append(f"{end.pod}: {end.fault}")
    elif end.figures.served == 0 and end.stay > idle(end.service, scale):
        found.append(f"{end.pod} was in service for {end.stay:.0f} s and did nothing")
    return found


def idle(service: str, scale: float) -> float:
    """How long a pod may have been in service and done nothing."""
    return JOBLESS if service == "worker" else KNOWN / scale + IDLE
