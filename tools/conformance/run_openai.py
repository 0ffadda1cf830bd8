#!/usr/bin/env python3
"""Has OpenAI's own clients talk to a stack of Ondol; `./just conformance openai` starts it.

    run_openai.py --ondol PROGRAM

The stack is `ondol up` on free ports, with a real model. The clients, in Python and for Node.js, are the
published ones, unchanged: they list models, chat, complete, respond and stream, and have to throw the errors
that they throw at OpenAI's own service.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from packages import fetched, installed
from stack import stack

CLIENTS = Path(__file__).resolve().parent / "openai"


def main() -> int:
    parser = argparse.ArgumentParser(description="OpenAI's clients against Ondol")
    parser.add_argument("--ondol", type=Path, required=True, help="the program `ondol`")
    arguments = parser.parse_args()
    node, modules = installed(CLIENTS, "conformance-openai", "OpenAI's client for Node.js")
    site = fetched("openai").parent / "site"
    python = [sys.executable, "-S", "-W", "ignore", str(CLIENTS / "client.py")]
    faults = 0
    with stack(arguments.ondol) as up:
        address = {"OPENAI_BASE_URL": f"{up.url}/v1", "OPENAI_API_KEY": up.key}
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


if __name__ == "__main__":
    sys.exit(main())
