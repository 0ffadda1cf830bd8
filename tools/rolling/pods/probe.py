"""One probe of one container: when it is due, and what its answers come to.

It neither asks nor knows the time, but is told both.
"""

from typing import Optional

from pods.chart import Probe


class Probing:
    def __init__(self, told: Probe, begun: float) -> None:
        self.told = told
        # As the kubelet does: at once, and then at its own pace from the container's start.
        self.next = begun
        self.asked = False
        self.successes = self.failures = 0

    def due(self, now: float) -> bool:
        """Whether to ask now. Nothing is asked while an answer is still to come."""
        if self.asked or now < self.next:
            return False
        while self.next <= now:
            self.next += self.told.period
        self.asked = True
        return True

    def answered(self, well: bool) -> "Optional[bool]":
        """What the answers so far come to: passed, failed, or nothing new."""
        self.asked = False
        self.successes, self.failures = (self.successes + 1, 0) if well else (0, self.failures + 1)
        if self.successes >= self.told.successes:
            return True
        return False if self.failures >= self.told.failures else None
