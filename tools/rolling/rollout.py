"""Rolling restarts: one replica after the other is ended and started again, as often as wanted."""

import time
from collections.abc import Callable

from replica import Life, Replica
from stand import say

# As the `minReadySeconds` of a Deployment: what a balancer may need until it sends calls to the new one.
SETTLE = 3.0
# Before the first end and after the last start, for calls to be there.
LEAD = 5.0


def roll(replicas: "list[Replica]", restarts: int, check: "Callable[[], None]") -> "list[Life]":
    lives = []
    time.sleep(LEAD)
    for restart in range(restarts):
        for replica in replicas:
            life = replica.end()
            lives.append(life)
            replica.start()
            told = f"{replica.name} ended in {life.took:.1f} s with {life.under_way} calls under way"
            say(f"  restart {restart + 1} of {restarts}: {told}")
            time.sleep(SETTLE)
            check()
    time.sleep(LEAD)
    return lives
