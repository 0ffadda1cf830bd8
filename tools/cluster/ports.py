"""Ports that nobody listens on."""

import contextlib
import random
import socket

# Below those that Linux gives to whoever connects: one of these that is free now may be somebody's a second
# later.
RANGE = range(20000, 32000)


def free(count: int) -> "list[int]":
    """Held all at once while they are chosen, so that no two are the same."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        return [bound(one) for one in sockets]


def bound(one: socket.socket) -> int:
    for port in random.sample(RANGE, len(RANGE)):
        with contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no port between {RANGE.start} and {RANGE.stop} is free")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
