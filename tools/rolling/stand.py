"""The processes of a trial, in a folder of their own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Optional

# A model may have to be loaded first.
PATIENCE = 120
# What is still there when the trial is over has so long.
LAST = 3
LOOPBACK = "127.0.0.1"


class Stand:
    def __init__(self) -> None:
        self.temporary = tempfile.TemporaryDirectory(prefix="rolling")
        self.folder = Path(self.temporary.name)
        self.started: list[subprocess.Popen] = []

    def start(
        self, name: str, command: "list[str]", environment: "Optional[dict[str, str]]" = None
    ) -> subprocess.Popen:
        """Starts a program. What it says on standard output and error is added to the file `NAME.log`."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                cwd=self.folder,
            )
        self.started.append(process)
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def until_ready(self, process: subprocess.Popen, name: str, admin: int) -> None:
        """Waits for /readyz."""
        self.until(process, name, lambda: asked(admin, "/readyz") is not None)

    def until_listening(self, process: subprocess.Popen, name: str, port: int, host: str = LOOPBACK) -> None:
        self.until(process, name, lambda: listens(port, host))

    def until(self, process: subprocess.Popen, name: str, condition) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            if condition():
                return
            time.sleep(0.02)
        said = self.log(name).read_text(errors="replace")[-2000:]
        raise SystemExit(f"{name} did not start\n{said}")

    def ended(self, process: subprocess.Popen, patience: float) -> int:
        """Waits for one that was told to end, and kills it where it does not; returns its exit code."""
        try:
            return process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            if process in self.started:
                self.started.remove(process)

    def stop(self, keep: "Optional[Path]" = None) -> None:
        """Ends whatever runs, and copies the files to `keep`."""
        # Told rather than killed: nginx's master ends its workers.
        for process in reversed(self.started):
            process.terminate()
        for process in list(self.started):
            self.ended(process, LAST)
        if keep:
            shutil.copytree(self.folder, keep, dirs_exist_ok=True)
        self.temporary.cleanup()


def asked(port: int, path: str) -> Optional[str]:
    """What an admin port answers; nothing where it does not, or says that it is not well."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=2) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None


def listens(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
