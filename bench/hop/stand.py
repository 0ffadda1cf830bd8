"""Processes, who has which processor, and what they have used of it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# How long a program may take until it listens, in seconds: the slowest is a large Python program.
PATIENCE = 120
TICK = os.sysconf("SC_CLK_TCK")
MODEL = "stub"
KEY = "sk-bench-hop"


class Stand:
    """What is measured has one processor; the model behind it, and the callers, have all others."""

    def __init__(self, ondol: Path) -> None:
        processors = sorted(os.sched_getaffinity(0))
        self.measured = {processors[0]}
        self.others = set(processors[1:]) or set(processors)
        self.is_shared = len(processors) == 1
        self.ondol = str(ondol)
        self.temporary = tempfile.TemporaryDirectory(prefix="bench-hop")
        self.folder = Path(self.temporary.name)
        self.started: list[subprocess.Popen] = []

    def start(
        self, command: "list[str]", on: "set[int]", port: int, environment: "dict[str, str] | None" = None
    ) -> subprocess.Popen:
        """Starts a program on some of the processors, and waits until it listens."""
        log = (self.folder / f"{port}.log").open("wb")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**without_ours(os.environ), **(environment or {})},
            cwd=self.folder,
            preexec_fn=lambda: os.sched_setaffinity(0, on),
        )
        self.started.append(process)
        self.collect(process)
        await_port(process, port, Path(log.name))
        return process

    def collect(self, process: subprocess.Popen) -> None:
        """Reads what a program says as a node reads its containers: by a pipe, from another processor."""
        self.started.append(
            subprocess.Popen(
                ["cat"],
                stdin=process.stdout,
                stdout=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setaffinity(0, self.others),
            )
        )
        process.stdout.close()

    def stub(self, *arguments: str, measured: bool = False) -> "tuple[subprocess.Popen, int]":
        """A model that only waits; beside what is measured, an authorizer."""
        port = free_port()
        command = [self.ondol, "bench", "stub", "--listen", f"127.0.0.1:{port}", *arguments]
        return self.start(command, self.measured if measured else self.others, port), port

    def end(self, process: subprocess.Popen) -> None:
        """Ends one that was started here."""
        process.terminate()
        wait(process)
        self.started.remove(process)

    def stop(self) -> None:
        for process in reversed(self.started):
            process.terminate()
            # One that sleeps hears it only now.
            process.send_signal(signal.SIGCONT)
        for process in self.started:
            wait(process)
        self.temporary.cleanup()


def wait(process: subprocess.Popen) -> None:
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def without_ours(environment: "dict[str, str]") -> "dict[str, str]":
    """What the caller's shell sets for Ondol's programs is not meant for these."""
    return {name: value for name, value in environment.items() if not name.startswith("ONDOL_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(process: subprocess.Popen, port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    said = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{process.args[0]} does not listen\n{said}")


def cpu_seconds(processes: "list[subprocess.Popen]") -> float:
    """Processor time of these and of all that they have started and that still runs."""
    roots = {process.pid for process in processes}
    parents = {pid: parent_of(pid) for pid in map(int, filter(str.isdigit, os.listdir("/proc")))}
    return sum(used(pid) for pid in parents if descends(pid, roots, parents))


def descends(pid: int, roots: "set[int]", parents: "dict[int, int]") -> bool:
    while pid in parents:
        if pid in roots:
            return True
        pid = parents[pid]
    return False


def parent_of(pid: int) -> int:
    try:
        # The command's name stands in parentheses and may hold spaces.
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0  # it has ended meanwhile


def used(pid: int) -> float:
    """In nanoseconds where the kernel counts them: a tick is longer than a hundred requests."""
    try:
        threads = [Path(f"/proc/{pid}/task/{thread}/schedstat") for thread in os.listdir(f"/proc/{pid}/task")]
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
    except OSError:
        return ticks(pid) / TICK


def ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
