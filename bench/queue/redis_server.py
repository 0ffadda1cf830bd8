"""The redis-server that all systems share."""

import os
import socket
import subprocess
import tempfile
import time

# Nothing on disk: the disk of the machine is not what is measured.
OPTIONS = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]


class RedisServer:
    def __init__(self, program: str, processor: "int | None") -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="bench-queue")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [program, "--port", str(self.port), "--dir", self.folder.name, *OPTIONS]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        if processor is not None:
            os.sched_setaffinity(self.process.pid, {processor})
        for _ in range(400):
            try:
                self.ask("PING")
                return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError(f"{program} does not answer")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def ask(self, *words: str) -> str:
        """One command whose answer is a status, an error or one string."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            parts = [f"*{len(words)}"] + [f"${len(word)}\r\n{word}" for word in words]
            connection.sendall(("\r\n".join(parts) + "\r\n").encode())
            answer = connection.makefile("rb")
            line = answer.readline().decode().strip()
            if line.startswith("$"):
                return answer.read(int(line[1:])).decode()
            if not line or line.startswith("-"):
                raise RuntimeError(f"redis-server says {line!r} to {words}")
            return line[1:]

    def cpu_seconds(self) -> float:
        """What its main thread, which runs all commands, has used."""
        info = dict(line.split(":", 1) for line in self.ask("INFO", "cpu").splitlines() if ":" in line)
        return float(info["used_cpu_user_main_thread"]) + float(info["used_cpu_sys_main_thread"])

    def version(self) -> str:
        info = self.ask("INFO", "server").splitlines()
        return next(line.split(":", 1)[1] for line in info if line.startswith("redis_version"))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
