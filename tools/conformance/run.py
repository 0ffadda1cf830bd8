#!/usr/bin/env python3
"""Holds /mcp against the official conformance suite and real clients; `./just conformance mcp` starts it.

    run.py --server PROGRAM [--scenario NAME]

The server is services/mcp/examples/conformance: the product's registry, policies and routes with the suite's
own tools. It is run twice, with tasks in memory and in a folder. Every scenario of the revision has to pass,
those of the tasks extension and those that the suite does not score included; there is no list of what may
fail. Of the revision before, every scenario has to that needs no session.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packages import fetched, installed

HERE = Path(__file__).resolve().parent
REVISION = "2026-07-28"
OLDER = "2025-11-25"
WITHOUT_SESSION = (
    "server-initialize",
    "ping",
    "completion-complete",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-error",
    "tools-call-with-progress",
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
    "dns-rebinding-protection",
)
# A check that the suite skips is one that it cannot make itself, or that is about something not offered.
WELL = ("SUCCESS", "INFO", "SKIPPED")


def main() -> int:
    parser = argparse.ArgumentParser(description="conformance of /mcp")
    parser.add_argument("--server", type=Path, required=True, help="the fixture server")
    parser.add_argument("--scenario", default="", help="this one alone, and no clients")
    arguments = parser.parse_args()
    node, modules = installed(HERE, "conformance", "the suite and the Inspector")
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for title, options in (("in memory", []), ("in a folder", ["--objects", f"{folder}/objects"])):
            with serving(arguments.server, options) as url:
                if arguments.scenario:
                    wanted = ["--scenario", arguments.scenario, "--spec-version", REVISION]
                    faults += suite(node, modules, url, wanted)[0]
                    continue
                faults += newest(node, modules, url, title)
                faults += inspector(node, modules, url)
                faults += python_sdk(url)
                if not options:
                    faults += older(node, modules, url)
    for fault in faults:
        print(f"FAILED {fault}", file=sys.stderr)
    return 1 if faults else 0


@contextmanager
def serving(program: Path, options: list[str]) -> Iterator[str]:
    """The fixture server on a free port, whose URL is the first line that it prints."""
    server = subprocess.Popen(
        [program, "--log-filter", "error", "--grace", "3s", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        url = server.stdout.readline().strip()
        if not url.startswith("http://"):
            raise SystemExit(f"{program} did not start: it said {url!r}")
        yield url
    finally:
        server.terminate()
        server.wait()


def suite(node: str, modules: Path, url: str, wanted: list[str]) -> tuple[list[str], int, int, int]:
    """Runs scenarios and reads what every check has come to: faults, scenarios, checks, skipped ones."""
    with tempfile.TemporaryDirectory() as results:
        program = modules / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
        command = [node, str(program), "server", "--url", url, "--output-dir", results, *wanted]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        faults, scenarios, checks, skipped = [], 0, 0, 0
        for file in sorted(Path(results).rglob("checks.json")):
            scenarios += 1
            for check in json.loads(file.read_text(encoding="utf-8")):
                checks += 1
                skipped += check["status"] == "SKIPPED"
                if check["status"] not in WELL:
                    name = file.parent.name
                    faults.append(f"{name}: {check['id']} {check['status']}: {check.get('errorMessage')}")
        if done.returncode != 0 or not scenarios:
            faults.append(f"the suite ended with {done.returncode}: {done.stdout[-2000:]}")
    return faults, scenarios, checks, skipped


def newest(node: str, modules: Path, url: str, title: str) -> list[str]:
    faults, scenarios, checks, skipped = suite(node, modules, url, ["--requirements", REVISION])
    print(
        f"{REVISION}, tasks {title}: {scenarios} scenarios, {checks} checks, {skipped} skipped by the suite"
    )
    return faults


def older(node: str, modules: Path, url: str) -> list[str]:
    """What of the revision before needs no session, which /mcp never keeps."""
    faults, checks = [], 0
    for scenario in WITHOUT_SESSION:
        found, _, made, _ = suite(node, modules, url, ["--scenario", scenario, "--spec-version", OLDER])
        faults += found
        checks += made
    print(f"{OLDER}: {len(WITHOUT_SESSION)} scenarios, {checks} checks")
    return faults


def inspector(node: str, modules: Path, url: str) -> list[str]:
    """The Inspector's command line lists the tools and calls one."""
    program = modules / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
    base = [node, str(program), "--cli", url, "--transport", "http", "--format", "json", "--method"]
    faults = []
    call = ["tools/call", "--tool-name", "greet", "--tool-arg", "name=Inspector"]
    for method, expected in ((["tools/list"], '"greet"'), (call, "Hello, Inspector!")):
        done = subprocess.run([*base, *method], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0 or expected not in done.stdout:
            faults.append(f"the Inspector's {method[0]}: {done.stdout[-500:]}{done.stderr[-500:]}")
    print("the Inspector has listed the tools and called one" if not faults else "the Inspector failed")
    return faults


def python_sdk(url: str) -> list[str]:
    site = fetched("mcp").parent / "site"
    command = [sys.executable, "-S", "-W", "ignore", str(HERE / "client.py"), url]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    print(done.stdout, end="")
    return [] if done.returncode == 0 else [f"the Python SDK: {done.stderr[-2000:]}"]


if __name__ == "__main__":
    sys.exit(main())
