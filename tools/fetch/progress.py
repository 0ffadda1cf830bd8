"""Shows a download's progress: a bar on a terminal, now and then a plain line in a log."""

import sys
import time
from typing import Optional, TextIO

BAR_WIDTH = 28
SECONDS_BETWEEN_DRAWS = 0.1
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Bytes of one download. `total` is known beforehand: the lock file says it."""

    def __init__(self, title: str, total: int, stream: Optional[TextIO] = None) -> None:
        self.title = title
        self.total = total
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.done = 0
        self.fresh = 0
        self.began = self.drawn = time.monotonic()

    def start(self, done: int) -> None:
        """Begins, or begins again after a broken connection, with `done` bytes already on disk."""
        self.done, self.fresh = done, 0
        self.began = self.drawn = time.monotonic()
        if not self.terminal:
            resumed = f", going on at {megabytes(done)}" if done else ""
            self.line(f"fetching {self.title} ({megabytes(self.total)} MB{resumed})")

    def advance(self, count: int) -> None:
        self.done += count
        self.fresh += count
        now = time.monotonic()
        if now - self.drawn >= (SECONDS_BETWEEN_DRAWS if self.terminal else SECONDS_BETWEEN_LINES):
            self.drawn = now
            self.draw(now)

    def finish(self) -> None:
        if self.terminal:
            self.draw(time.monotonic())
            self.stream.write("\n")
            self.stream.flush()
        else:
            self.line(f"fetched {self.title}")

    def pause(self, note: str) -> None:
        """Says why nothing moves."""
        self.line(f"{self.title}: {note}")

    def draw(self, now: float) -> None:
        rate = self.fresh / max(now - self.began, 0.001)
        counts = f"{megabytes(self.done)}/{megabytes(self.total)} MB {megabytes(rate)} MB/s"
        if not self.terminal:
            self.line(f"{self.title}: {counts}")
            return
        left = f"{(self.total - self.done) / rate:.0f} s left" if rate else ""
        filled = BAR_WIDTH * self.done // max(self.total, 1)
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        # Clears the rest of the line, as the text may have become shorter.
        self.stream.write(f"\r{self.title} {bar} {counts} {left}\x1b[K")
        self.stream.flush()

    def line(self, text: str) -> None:
        self.stream.write(("\n" if self.terminal else "") + text + "\n")
        self.stream.flush()


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f}"
