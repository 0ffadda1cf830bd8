#!/usr/bin/env python3
"""Tests on a real Kubernetes API server and its controllers; `./just test-cluster` starts them.

    run.py [--list] [NAME...]

Each NAME is a file of live/ without `test_` and `.py`; all of them run without one. The programs are built
from Go modules into the cache, where they are not in it. Exit codes: 0 passed, 1 failed, 77 not run.
"""

import argparse
import signal
import sys
import time
import unittest
from pathlib import Path
from typing import NoReturn

import definitions
import installs
import own
import programs
import stand

HERE = Path(__file__).resolve().parent
SKIPPED = 77


def main() -> int:
    known = sorted(file.stem[len("test_") :] for file in (HERE / "live").glob("test_*.py"))
    parser = argparse.ArgumentParser(description="Tests on a real Kubernetes API server")
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(known))
    parser.add_argument("--list", action="store_true", help="say what is built, and what is not")
    given = parser.parse_args()
    if unknown := set(given.names) - set(known):
        parser.error(f"no such tests: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if given.list:
        return tell()
    if problem := unready():
        print(problem, file=sys.stderr)
        return SKIPPED
    names = given.names or known
    if "guide" in names and (problem := own.missing()):
        print(problem, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, stopped)
    try:
        prepare(whole=not given.names)
        return run(names)
    except KeyboardInterrupt:
        return 130


def tell() -> int:
    for program in programs.catalogue():
        print(
            f"{program.output:24} {'built' if program.file.is_file() else 'not built':10} {program.package}"
        )
    return 0


def unready() -> str:
    """Why nothing can be run; nothing where all is here already, or can be had."""
    wanted = [program.output for program in programs.missing()]
    wanted += [file.stem for file in (*definitions.missing(), *installs.missing())]
    if not wanted or programs.reachable():
        return ""
    return (
        "test-cluster: left out, as Go's module proxy (GOPROXY) is not reached and the cache lacks "
        + ", ".join(wanted)
    )


def prepare(whole: bool) -> None:
    """Builds what the tests will ask for before the clock of any of them runs."""
    for program in programs.catalogue():
        if whole or program.name in ("etcd", "kubernetes", "kwok"):
            programs.built(*program)
    definitions.files()
    installs.files()


def run(names: "list[str]") -> int:
    sys.path.insert(0, str(HERE))
    begun = time.monotonic()
    programs.say("starting the cluster")
    cluster = stand.cluster()
    programs.say(f"it is ready after {time.monotonic() - begun:.0f} s; its logs are in {cluster.folder}")
    loaded = unittest.defaultTestLoader.loadTestsFromNames([f"live.test_{name}" for name in names])
    result = unittest.TextTestRunner(verbosity=2).run(loaded)
    cluster.processes.keep = cluster.processes.keep or not result.wasSuccessful()
    if cluster.processes.keep:
        programs.say(f"the logs are kept in {cluster.folder}")
    cluster.stop()
    programs.say(f"{result.testsRun} tests in {time.monotonic() - begun:.0f} s")
    return 0 if result.wasSuccessful() and result.testsRun else 1


def stopped(*_: object) -> NoReturn:
    """As the keyboard would, which unittest takes for no failure of a test: the cluster is ended in order."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
