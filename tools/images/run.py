"""Runs other programs, and says what went wrong in words that help."""

import shutil
import subprocess
import sys
from typing import Optional


class Trouble(Exception):
    """What happened, and what to do about it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what if not remedy else f"{what}\n  what to do: {remedy}")


def run(*command: object, told: Optional[str] = None) -> str:
    """Gives standard output. A command that fails is shown with all that it said."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        input=told,
        stdin=None if told else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise Trouble(f"`{' '.join(words)}` ended with {done.returncode}")
    return done.stdout


def demand(*programs: str) -> None:
    """All that are missing at once, so that nobody installs one after another."""
    lacking = [program for program in programs if shutil.which(program) is None]
    if lacking:
        raise Trouble(
            f"not installed: {', '.join(lacking)}",
            f"on Debian and Ubuntu: apt install --no-install-recommends {' '.join(lacking)} runc",
        )
