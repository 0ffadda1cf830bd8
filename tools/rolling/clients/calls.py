"""What every client does: calls at a rate, calls one behind the other, and a line of JSON about each of them.

Only what a client's library throws is told apart here; which library that is, this module must not know.
"""

import asyncio
import json
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Optional


class CutShort(Exception):
    """A stream that ended before its end."""


class Heard:
    """When something of an answer came."""

    def __init__(self) -> None:
        self.last = time.monotonic()
        self.longest = 0.0
        self.events = 0

    def now(self) -> None:
        moment = time.monotonic()
        self.longest = max(self.longest, moment - self.last)
        self.last = moment
        self.events += 1


# Makes a call, tells `Heard` of each part of the answer, and raises where the call fails.
Call = Callable[[Heard], Awaitable[None]]


class Calls:
    def __init__(self, describe: "Callable[[Exception], str]") -> None:
        self.describe = describe
        self.stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stopped.set)

    async def evenly(self, kind: str, rate: float, call: Call) -> None:
        """So many a second, answered or not; returns when the last one is."""
        due, running = time.monotonic(), set()
        while not self.stopped.is_set():
            running.add(asyncio.ensure_future(self.one(kind, call)))
            due += 1 / rate
            await self.stopped_within(due - time.monotonic())
            running = {task for task in running if not task.done()}
        await asyncio.gather(*running)

    async def one_by_one(self, kind: str, call: Call, pause: float = 0.0) -> None:
        while not self.stopped.is_set():
            trouble = await self.one(kind, call)
            # What fails at once would do so a thousand times a second.
            await self.stopped_within(0.2 if trouble else pause)

    async def one(self, kind: str, call: Call) -> str:
        """Makes a call, and writes down what became of it; returns why it failed."""
        begun, heard, trouble = time.time(), Heard(), ""
        try:
            await call(heard)
        except Exception as failure:
            trouble = self.describe(failure) or type(failure).__name__
        # The time until it ended is a wait like those before.
        parts = heard.events
        heard.now()
        print(json.dumps(line(kind, begun, trouble, parts, heard.longest)), flush=True)
        return trouble

    async def stopped_within(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopped.wait(), max(0.0, seconds))
        except asyncio.TimeoutError:
            return


def line(kind: str, begun: float, trouble: str, parts: int, longest: float) -> dict:
    return {
        "kind": kind,
        "begun": round(begun, 3),
        "ended": round(time.time(), 3),
        "trouble": trouble,
        "parts": parts,
        "longest": round(longest, 4),
    }


def stated(failure: Exception, status: Optional[object]) -> str:
    """A failure in one line, its status first."""
    if isinstance(failure, CutShort):
        return f"cut short: {failure}"
    told = " ".join(str(failure).split()) or type(failure).__name__
    return f"{status}: {told}" if status else f"{type(failure).__name__}: {told}"
