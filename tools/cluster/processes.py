"""The processes of a cluster, in a folder of their own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Optional

# To start, with a compiler beside it; and to end, before it is killed.
PATIENCE = 120
LAST = 10


class Processes:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ondol-cluster"))
        self.started: list[tuple[str, subprocess.Popen]] = []
        # Whether the logs are to be there when all is over.
        self.keep = False

    def start(
        self, name: str, command: "list[str]", environment: "Optional[dict[str, str]]" = None
    ) -> subprocess.Popen:
        """Starts a program. What it says on standard output and error is in the file `NAME.log`."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                cwd=self.folder,
                # What the keyboard interrupts is the test, which then ends these in order.
                start_new_session=True,
            )
        self.started.append((name, process))
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def until(self, name: str, condition: "Callable[[], object]", patience: float = PATIENCE) -> None:
        """Waits for what a process does when it has started."""
        process = next(process for known, process in self.started if known == name)
        end = time.monotonic() + patience
        while time.monotonic() < end and process.poll() is None:
            if condition():
                return
            time.sleep(0.1)
        self.keep = True
        said = self.log(name).read_text(errors="replace")[-3000:]
        raise SystemExit(f"{name} did not start; its log is {self.log(name)}\n{said}")

    def ended(self) -> "list[str]":
        """Those that have ended by themselves, though nobody told them to."""
        return [name for name, process in self.started if process.poll() is not None]

    def end_one(self, name: str) -> None:
        """Before the others, and as nobody's failure."""
        found = next(pair for pair in self.started if pair[0] == name)
        self.started.remove(found)
        end(found[1])

    def stop(self) -> None:
        """Ends all, the last one first, and deletes their files unless somebody wants the logs."""
        for _, process in reversed(self.started):
            end(process)
        self.started.clear()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def end(process: subprocess.Popen) -> None:
    """With its children, of which it is the leader."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=LAST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
