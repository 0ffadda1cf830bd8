"""Which commits images and charts are of. An image's tag begins with the commit that it was built from.

What lies below deploy/env goes into no image: deliver.yml builds nothing for a commit that changes only that.
"""

import re
import subprocess
from pathlib import Path
from typing import Optional

from environments import ROOT
from trouble import Trouble

BUILT = (".", ":(exclude)deploy/env")


def forward(environment: str, tags: set[str], tag: str, repository: Path = ROOT) -> None:
    """Refuses images that are older than those which run. A tag that is no commit known here may be any."""
    for running in sorted(tags - {tag}):
        ours, theirs = commit(tag, repository), commit(running, repository)
        if ours and theirs and ours != theirs and ancestor(ours, theirs, repository):
            raise Trouble(
                f"{environment} runs images of {running}, which came after {tag}",
                f"to go back on purpose, `git revert` the commit that brought {running} to {environment}",
            )


def together(environment: str, tags: set[str], repository: Path = ROOT) -> None:
    """Refuses what is checked out where its charts are of another commit than the environment's images."""
    wanted = delivered(environment, tags, repository)
    if wanted != commit("HEAD", repository):
        (tag,) = tags
        raise Trouble(
            f"the images of {environment} were built from {tag}, and charts or sources here are of another"
            " commit",
            f"`tools/delivery/delivered.sh {environment} origin/main` checks out theirs; or wait for the"
            " delivery that is under way; or say --any-commit",
        )


def delivered(environment: str, tags: set[str], repository: Path = ROOT) -> str:
    """The newest commit here whose charts and sources are those that the images were built from."""
    if len(tags) != 1:
        raise Trouble(f"{environment} runs images of {' and '.join(sorted(tags)) or 'no commit'}")
    (tag,) = tags
    built = commit(tag, repository)
    if built is None or not ancestor(built, "HEAD", repository):
        raise Trouble(
            f"{environment} runs images of {tag}, which is no commit in the history here",
            "fetch all history and check out origin/main; or say --any-commit",
        )
    later = asked(repository, "rev-list", "--first-parent", f"{built}..HEAD").stdout.split()
    return next((one for one in later if same(built, one, repository)), built)


def commit(name: str, repository: Path) -> Optional[str]:
    """None too for the names of branches and releases, which are not what CI tags images with."""
    if name != "HEAD" and not re.fullmatch(r"[0-9a-f]{7,40}", name):
        return None
    return asked(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").stdout.strip() or None


def ancestor(one: str, other: str, repository: Path) -> bool:
    return asked(repository, "merge-base", "--is-ancestor", one, other).returncode == 0


def same(one: str, other: str, repository: Path) -> bool:
    return asked(repository, "diff", "--quiet", one, other, "--", *BUILT).returncode == 0


def asked(repository: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Git answers by its exit code, 1 for no. What is more is a mistake."""
    done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise Trouble(f"git {words[0]}: {done.stderr.strip()}")
    return done
