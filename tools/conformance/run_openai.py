#!/usr/bin/env python3
"""Has OpenAI's own clients talk to a stack of Ondol; `./just conformance openai` starts it.

    run_openai.py --ondol PROGRAM

The stack is `ondol up` on free ports, with a real model. The clients, in Python and for Node.js, are the
published ones, unchanged: they list models, chat, complete, respond and stream, and have to throw the errors
that they throw at OpenAI's own service.
"""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packages import fetched, installed

CLIENTS = Path(__file__).resolve().parent / "openai"
# A model may have to be loaded first.
PATIENCE = 120


def main() -> int:
    parser = argparse.ArgumentParser(description="OpenAI's clients against Ondol")
    parser.add_argument("--ondol", type=Path, required=True, help="the program `ondol`")
    arguments = parser.parse_args()
    node, modules = installed(CLIENTS, "conformance-openai", "OpenAI's client for Node.js")
    site = fetched("openai").parent / "site"
    python = [sys.executable, "-S", "-W", "ignore", str(CLIENTS / "client.py")]
    faults = 0
    with stack(arguments.ondol) as (url, key):
        address = {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": key}
        faults += client("Python", python, {**address, "PYTHONPATH": str(site)})
        with tempfile.TemporaryDirectory() as folder:
            # Modules are looked for beside the program.
            program = Path(folder) / "client.mjs"
            program.write_bytes((CLIENTS / "client.mjs").read_bytes())
            (Path(folder) / "node_modules").symlink_to(modules)
            faults += client("Node.js", [node, str(program)], address)
    return 1 if faults else 0


def client(name: str, command: list[str], settings: dict[str, str]) -> int:
    done = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=300
    )
    print(done.stdout, end="")
    if done.returncode == 0:
        return 0
    print(f"FAILED the client for {name}: {done.stderr[-3000:]}", file=sys.stderr)
    return 1


@contextmanager
def stack(program: Path) -> Iterator[tuple[str, str]]:
    """A stack on free ports: its URL, and a key that opens it."""
    with tempfile.TemporaryDirectory() as folder:
        key, file = f"ondol_{secrets.token_hex(32)}", Path(folder) / "key"
        file.write_text(key, encoding="utf-8")
        file.chmod(0o600)
        port = free_port()
        command = [program, "up", "--listen", f"127.0.0.1:{port}", "--admin-addr", "127.0.0.1:0"]
        command += ["--key-file", file, "--log-filter", "error", "--grace", "3s"]
        command += ["--mcp-listen", "127.0.0.1:0", "--tools", f"{folder}/tools.toml"]
        command += ["--objects-folder", f"{folder}/objects"]
        up = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            await_model(up, url, key)
            yield url, key
        finally:
            up.terminate()
            up.wait()


def await_model(up: subprocess.Popen, url: str, key: str) -> None:
    request = urllib.request.Request(f"{url}/v1/models", headers={"authorization": f"Bearer {key}"})
    begun = time.monotonic()
    while up.poll() is None and time.monotonic() - begun < PATIENCE:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("the stack did not start")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
