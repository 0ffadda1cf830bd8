"""Files of the cache, which several runs may write at once: each is there as a whole, or not at all."""

import os
import tempfile
from pathlib import Path


def write(file: Path, content: bytes, mode: int = 0o644) -> None:
    """By way of a file that nobody else writes to: whoever is last puts the same there once more."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
        # Made for its owner alone, and a cache may be several people's.
        os.chmod(fresh, mode)
        os.replace(fresh, file)
    except BaseException:
        os.unlink(fresh)
        raise
