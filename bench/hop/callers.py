"""The callers: `ondol bench drive`, on the processors that what is measured does not have."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from peers import System
from stand import KEY, Stand

# Callers that take this many seconds more than they should are stuck.
PATIENCE = 90


@contextmanager
def ready(stand: Stand, system: System, flags: "list[str]", seconds: float) -> "Iterator[subprocess.Popen]":
    """Callers of a system, whose calls will take so long, and who wait for the word to begin."""
    target = ["--target", f"127.0.0.1:{system.port}", "--speaks", system.speaks, "--key", KEY]
    program = subprocess.Popen(
        [stand.ondol, "bench", "drive", *target, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, stand.others),
    )
    patience = threading.Timer(seconds + PATIENCE, program.kill)
    patience.start()
    try:
        if program.stdout.readline() != "ready\n":
            raise SystemExit(f"the callers of {system.title} did not get ready")
        yield program
    finally:
        patience.cancel()
        program.kill()
        program.wait()


def called(program: subprocess.Popen, system: System) -> str:
    """Has the callers begin, and waits for their end: what they say of it, in JSON."""
    program.stdin.write("go\n")
    program.stdin.flush()
    said = program.stdout.readline()
    if not said:
        raise SystemExit(f"the callers of {system.title} ended early")
    return said
