"""How a container is run here: confined as Kubernetes' "restricted" has it, on a root that is read-only."""

import os
import shutil
import subprocess
from pathlib import Path

from run import run

CONFINED = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")


def start(*words: str) -> str:
    """`podman run` with these words."""
    # Not left to podman's defaults, which raise limits: a build machine that is confined itself may not.
    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
    # crun, its first choice, does not run where both versions of control groups are mounted.
    runtime = ("--runtime", shutil.which("runc")) if shutil.which("runc") else ()
    return run("podman", *runtime, "run", *CONFINED, *limits, *words)


def discard(*words: str) -> None:
    """A command that takes something away, which may be away already."""
    command = ["podman", *words]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def liberties(process: Path) -> list[str]:
    """What a process (a folder of /proc) may do that it must not, as the kernel sees it."""
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    mounts = [line.split() for line in (process / "mounts").read_text().splitlines()]
    faults = []
    # Where podman itself is not run by root, root in the container is whoever runs podman.
    if {int(uid) for uid in status["Uid"].split()} & {0, os.geteuid()}:
        faults.append("runs as root")
    for kind in ("CapPrm", "CapEff", "CapBnd"):
        if int(status[kind], 16):
            faults.append(f"has capabilities ({kind})")
    if status["NoNewPrivs"].strip() != "1":
        faults.append("may gain privileges")
    if any(where == "/" and "ro" not in options.split(",") for _, where, _, options, *_ in mounts):
        faults.append("can write its root")
    return faults
