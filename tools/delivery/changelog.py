"""What changed between two commits, for people who upgrade."""

import re
import subprocess
from pathlib import Path
from typing import Optional

from environments import ROOT
from trouble import Trouble

# Commits that move images, and no code.
DELIVERY = "deploy: "


def between(since: Optional[str], until: str, repository: Path = ROOT) -> str:
    """A line for each commit, newest first, and the reason that it gives: its body's first paragraph."""
    begin = since or release_before(until, repository)
    span = f"{begin}..{until}" if begin else until
    said = git(repository, "log", "--no-merges", "--format=%h%x1f%s%x1f%b%x1e", span)
    commits = [entry.strip("\n").split("\x1f") for entry in said.split("\x1e") if entry.strip()]
    lines = [line(*commit) for commit in commits if not commit[1].startswith(DELIVERY)]
    title = f"## Changes since {begin}" if begin else "## Changes"
    return "\n".join([title, "", *(lines or ["None."])])


def line(commit: str, subject: str, body: str) -> str:
    paragraph = re.split(r"\n\s*\n", body.strip())[0]
    # Trailers are for tools.
    reason = " ".join(word for word in paragraph.splitlines() if not re.match(r"^[A-Z][\w-]*: ", word))
    return f"- {subject} ({commit})" + (f"\n  {reason}" if reason else "")


def release_before(commit: str, repository: Path) -> Optional[str]:
    done = subprocess.run(
        ["git", "-C", str(repository), "describe", "--tags", "--abbrev=0", "--match=v*", f"{commit}^"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"git {' '.join(words[:1])}: {done.stderr.strip()}", "fetch all history, with tags")
    return done.stdout
