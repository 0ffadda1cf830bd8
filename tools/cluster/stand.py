"""The one cluster that all tests share: `cluster()` starts it when the first one asks."""

import atexit
from functools import cache

from cluster import Cluster


@cache
def cluster() -> Cluster:
    """Each test works in namespaces of its own, and leaves what belongs to the whole cluster alone."""
    started = Cluster()
    atexit.register(started.stop)
    return started.__enter__()
