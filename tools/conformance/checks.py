"""Checks, one line each: what was asked of the server, and what came of it."""

import time
from typing import Callable


class Checks:
    """Runs checks, tells of each in a line, and counts those that failed."""

    def __init__(self) -> None:
        self.failed = 0
        self.made = 0

    def check(self, title: str, does: Callable[[], str]) -> None:
        """`does` says what it saw, or raises what was wrong."""
        begun = time.monotonic()
        try:
            detail, well = does(), True
        except Exception as error:
            detail, well = f"{type(error).__name__}: {error}", False
        self.told(title, detail, well, time.monotonic() - begun)

    def told(self, title: str, detail: str, well: bool, seconds: float) -> None:
        self.made += 1
        self.failed += not well
        print(f"{'ok    ' if well else 'FAILED'} {title}: {detail} ({seconds * 1000:.0f} ms)", flush=True)

    def over(self) -> int:
        """The exit code."""
        print(f"{self.made - self.failed} of {self.made} checks passed")
        return 1 if self.failed or not self.made else 0


def expect(well: bool, what: str) -> None:
    if not well:
        raise AssertionError(what)


def same(got: object, wanted: object, what: str) -> None:
    expect(got == wanted, f"{what} is {got!r}, and not {wanted!r}")


def apart(arrivals: list[float]) -> str:
    """Whether tokens came one after the other: in one piece, most would have come with the one before."""
    gaps = sorted(later - earlier for earlier, later in zip(arrivals, arrivals[1:]))
    alone = sum(gap >= 0.001 for gap in gaps)
    expect(alone * 2 >= len(gaps), f"of {len(arrivals)} tokens only {alone + 1} came by themselves")
    return f"{len(arrivals)} tokens, {gaps[len(gaps) // 2] * 1000:.1f} ms apart (median)"


def until(holds: Callable[[], bool], what: str) -> str:
    """Waits until it holds, and says how long that took."""
    begun = time.monotonic()
    while not holds():
        expect(time.monotonic() - begun < 10, f"after 10 s still not: {what}")
        time.sleep(0.02)
    return f"{what} within {(time.monotonic() - begun) * 1000:.0f} ms"
