"""Containers of our images on one network, as they are in a cluster.

The network is their own, so nothing of this machine is in the way and no port is guessed: on it each service
has the address that its image says. Only what probes read is published, on ports that are free.
"""

import secrets
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Optional

import base
from catalogue import IMAGES, Image
from containers import discard, start
from run import Trouble, run

FETCH = Path(__file__).resolve().parent.parent / "fetch" / "fetch.py"
COMMAND_LINE = next(image for image in IMAGES if image.name == "ondol")
SECONDS_TO_BE_READY = 120
SECONDS_TO_END = 30


class Stack:
    """Everything of it goes when it is closed."""

    def __init__(self) -> None:
        self.name = f"ondol-try-{secrets.token_hex(4)}"
        self.secret = f"ondol_{secrets.token_hex(32)}"
        self.network = f"--network=container:{self.name}"
        self.started: list[Image] = []

    @property
    def key(self) -> tuple[str, str]:
        """What the command line calls with."""
        return "--env", f"ONDOL_API_KEY={self.secret}"

    def volume(self, name: str, rights: str) -> tuple[str, str]:
        """`U` gives it to the container's user."""
        return "--volume", f"{self.name}-{name}:/{name}:{rights}"

    def close(self) -> None:
        # Redis last: its network is the others'.
        for container in (*map(self.container, self.started), self.name):
            discard("rm", "--force", "--time", "0", container)
        for volume in ("models", "objects", "tools"):
            discard("volume", "rm", "--force", f"{self.name}-{volume}")

    def container(self, image: Image) -> str:
        return f"{self.name}-{image.name}"

    def begin(self) -> None:
        """Redis first, without anything on disk."""
        server = Path(run(sys.executable, FETCH, "path", "redis-server").strip())
        ports = {f"--publish=127.0.0.1::{image.admin}" for image in IMAGES if image.admin}
        folder = ("--volume", f"{server.parent}:/redis:ro")
        settings = ("--bind", "127.0.0.1", "--save", "", "--maxmemory-policy", "noeviction")
        command = (f"/redis/{server.name}", *settings)
        start("--detach", "--name", self.name, *sorted(ports), *folder, base.build(), *command)

    def add(self, image: Image, *options: str) -> None:
        self.started.append(image)
        start("--detach", "--name", self.container(image), self.network, *options, image.tag)

    def once(self, *words: str, options: tuple[str, ...] = ()) -> str:
        """A command of the command line's image, as an init container or a job has it."""
        return start("--rm", self.network, *options, COMMAND_LINE.tag, *words)

    def wait_until_ready(self, image: Image) -> None:
        address = run("podman", "port", self.name, f"{image.admin}/tcp").split()[0]
        until = time.monotonic() + SECONDS_TO_BE_READY
        answer = ""
        while time.monotonic() < until and self.ended(image) is None:
            answer = fetched(f"http://{address}/readyz")
            if answer.startswith("200"):
                return
            time.sleep(0.2)
        print(self.logs(image), file=sys.stderr)
        raise Trouble(f"{image.name} did not become ready; its last answer: {answer}")

    def state(self, image: Image, field: str) -> str:
        return run("podman", "inspect", "--format", f"{{{{.State.{field}}}}}", self.container(image)).strip()

    def process(self, image: Image) -> Path:
        return Path("/proc", self.state(image, "Pid"))

    def ended(self, image: Image) -> Optional[int]:
        """Its exit code, if it has one."""
        has_ended = self.state(image, "Status") in ("exited", "stopped")
        return int(self.state(image, "ExitCode")) if has_ended else None

    def logs(self, image: Image) -> str:
        return run("podman", "logs", self.container(image))

    def stop(self, image: Image) -> None:
        """SIGTERM, as Kubernetes sends it. What does not end by itself is killed, which its code shows."""
        run("podman", "stop", "--time", str(SECONDS_TO_END), self.container(image))
        code = self.ended(image)
        if code != 0:
            print(self.logs(image), file=sys.stderr)
            raise Trouble(f"{image.name} ended with {code} when it was told to end")


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return f"{answer.status} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError as error:
        return str(error)
