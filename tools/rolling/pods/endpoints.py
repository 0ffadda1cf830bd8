"""Who is in service, as others learn of it: late.

That a pod is ready, or deleted, only the kubelet knows at first. Until names lead to it, or no longer do,
controllers have to hear of it, and then a cache of names has to forget what it knew.
"""

from typing import NamedTuple, Optional


class Known(NamedTuple):
    since: float
    addresses: "tuple[str, ...]"


class Endpoints:
    def __init__(self, delay: float, ttl: float) -> None:
        self.delay, self.ttl = delay, ttl
        self.published: dict[str, list[Known]] = {}
        self.cached: dict[str, tuple[float, Optional[tuple[str, ...]]]] = {}

    def observe(self, name: str, addresses: "list[str]", now: float) -> None:
        """What is true now, and will be known after a while."""
        history = self.published.setdefault(name, [])
        current = tuple(sorted(addresses))
        if not history or history[-1].addresses != current:
            history.append(Known(now + self.delay, current))

    def answer(self, name: str, now: float) -> "Optional[tuple[str, ...]]":
        """What somebody who asks is told; nothing where there is no such name."""
        until, addresses = self.cached.get(name, (now, None))
        if now < until:
            return addresses
        known = [one.addresses for one in self.published.get(name, []) if one.since <= now]
        addresses = known[-1] if known else None
        self.cached[name] = (now + self.ttl, addresses)
        return addresses
