"""Tells a full disk from other errors, before and while we write."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trouble import Trouble

# Left free for everybody else: a machine whose disk is full to the last byte fails in odd ways.
MARGIN = 64 * 1024 * 1024


def require_free_space(folder: Path, count: int) -> None:
    """Refuses to begin what cannot end well."""
    free = shutil.disk_usage(folder).free
    if free < count + MARGIN:
        raise Trouble(
            f"{folder} has {free / 1e6:.0f} MB free, and {(count + MARGIN) / 1e6:.0f} MB are needed",
            "free some space, or set ONDOL_CACHE to a folder on a larger disk, and run again",
        )


@contextmanager
def explain_full_disk(folder: Path) -> Iterator[None]:
    """Names the folder and the way out when the disk fills up within."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Trouble(
            f"the disk of {folder} is full ({error.strerror})",
            "free some space, or set ONDOL_CACHE to a folder on a larger disk, and run again; "
            "a download goes on where it stopped",
        ) from error
