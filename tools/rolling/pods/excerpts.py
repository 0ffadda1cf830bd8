"""What pods logged around a failure, for whoever looks for its cause."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

# Seconds before a call began and after it ended.
NEAR = 1.0
# Lines of one failure, and how long a line may be.
MOST, LONGEST = 12, 400
LOUD = ('"level":"WARN"', '"level":"ERROR"')


def around(folder: Path, begun: float, ended: float) -> "list[str]":
    """Warnings and errors of all pods in that time."""
    found = [
        (at, f"{pod}: {line[:LONGEST]}")
        for pod, line in logged(folder)
        if any(word in line for word in LOUD) and begun - NEAR <= (at := moment(line)) <= ended + NEAR
    ]
    return [line for _, line in sorted(found)[:MOST]]


def about(folder: Path, word: str) -> "list[str]":
    """Whatever was logged of it, such as of a job."""
    found = [(moment(line), f"{pod}: {line[:LONGEST]}") for pod, line in logged(folder) if word in line]
    return [line for _, line in sorted(found)[-MOST:]]


def logged(folder: Path) -> "Iterator[tuple[str, str]]":
    """Each line of each pod, by the pod's name."""
    for file in sorted(folder.glob("*-*.log")):
        for line in file.read_text("utf-8", errors="replace").splitlines():
            yield file.stem, line


def moment(line: str) -> float:
    """When a line was written, by the clock on the wall; long ago where it does not say."""
    try:
        text = json.loads(line)["time"].replace("Z", "+00:00")
        return datetime.datetime.fromisoformat(text).timestamp()
    except (ValueError, KeyError, TypeError):
        return 0.0
