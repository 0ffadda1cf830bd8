#!/usr/bin/env python3
"""Has a page in headless Chromium call a stack of Ondol; `./just conformance grpc-web` starts it.

    run_grpc_web.py --ondol PROGRAM [--chromium PROGRAM]

The page (grpc-web/page) is served from another origin than api, so that the browser asks api beforehand what
it may send, and hides from the page what api does not show it. It calls with two published clients of
gRPC-Web, Connect's and gRPC's own, which learn the contract at run time, and with fetch: once in plaintext,
once by TLS. The same page under an origin that api was not told of has to get nothing.
"""

import argparse
import base64
import hashlib
import json
import queue
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Optional

from checks import Checks, expect, same
from chromium import Chromium, chromium
from network import Sent, requests_to
from packages import fetched, installed
from pages import Site, serving
from stack import Certificate, Stack, certified, free_port, stack

HERE = Path(__file__).resolve().parent
PAGE = HERE / "grpc-web" / "page"
CONTRACT = HERE.parent.parent / "proto"
# For all checks of one page.
PATIENCE = 180
# Far above what is used here: only that the page is told.
LIMITS = "[keys]\nrequests_per_minute = 100000\ntokens_per_minute = 10000000\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="clients of gRPC-Web in a browser against Ondol")
    parser.add_argument("--ondol", type=Path, required=True, help="the program `ondol`")
    parser.add_argument("--chromium", type=Path, help="the browser [default: one in PATH, else a package's]")
    arguments = parser.parse_args()
    browser = chromium(arguments.chromium)
    print(browser.version())
    modules = installed(HERE / "grpc-web", "conformance-grpc-web", "clients of gRPC-Web")[1]
    checks, contract = Checks(), descriptors()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "limits.toml").write_text(LIMITS, encoding="utf-8")
        for tls in (None, certified(folder)):
            port = free_port()
            options = ("--cors-origin", f"http://localhost:{port}", "--limits-file", folder / "limits.toml")
            with stack(arguments.ondol, options, tls) as up:
                visit = Visit(browser, up, port, tls, checks)
                with serving(visit.site(modules, contract), port):
                    visit.allowed()
                    visit.refused()
    return checks.over()


def descriptors() -> bytes:
    """The contract as the clients read it."""
    command = [str(fetched("buf-bin")), "build", str(CONTRACT), "--as-file-descriptor-set", "--output", "-"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


class Visit:
    """The page on one stack, under the origin that may call and under another one."""

    def __init__(
        self, browser: Chromium, up: Stack, port: int, tls: Optional[Certificate], checks: Checks
    ) -> None:
        self.browser, self.up, self.port, self.tls, self.checks = browser, up, port, tls, checks
        self.said: queue.Queue[dict] = queue.Queue()

    def site(self, modules: Path, contract: bytes) -> Site:
        settings = {"api": self.up.url, "key": self.up.key, "model": self.up.model}
        made = {
            "/settings.json": lambda: json.dumps(settings).encode(),
            "/contract.binpb": lambda: contract,
            "/metrics": lambda: self.up.metrics().encode(),
        }
        return Site({"/modules/": modules, "/": PAGE}, made, self.said)

    def allowed(self) -> None:
        how = "by TLS" if self.tls else "in plaintext"
        sent = self.show(f"http://localhost:{self.port}/index.html#allowed", how)
        self.checks.check(f"{how}: asked beforehand", lambda: self.asked_beforehand(sent))

    def asked_beforehand(self, sent: list[Sent]) -> str:
        questions = [request for request in sent if request.method == "OPTIONS"]
        expect(bool(questions), "the browser has asked nothing: is this another origin?")
        protocol = "HTTP/2" if self.tls else "HTTP/1.1"
        same({request.protocol for request in sent}, {protocol}, "what the browser spoke")
        return f"{len(questions)} of {len(sent)} requests to api were questions; all by {protocol}"

    def refused(self) -> None:
        """To a browser another name of the host is another origin."""
        how = "from another origin"
        sent = self.show(f"http://127.0.0.1:{self.port}/index.html#refused", how)
        self.checks.check(f"{how}: nothing but questions", lambda: nothing_but_questions(sent))

    def show(self, page: str, how: str) -> list[Sent]:
        """Opens the page until it is through; what it has sent to api."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            record = folder / "network.json"
            options = [f"--log-net-log={record}"]
            if self.tls:
                options.append(f"--ignore-certificate-errors-spki-list={fingerprint(self.tls)}")
            with self.browser.opened(page, folder, options) as browser:
                through = self.hear(how, browser)
                # The record is written behind the browser's back.
                time.sleep(1)
            if not through:
                print((folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)
                return []
            return requests_to(self.up.address, record)

    def hear(self, how: str, browser: subprocess.Popen) -> bool:
        """Tells what the page says; whether it came to its end."""
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE and browser.poll() is None:
            try:
                said = self.said.get(timeout=1)
            except queue.Empty:
                continue
            if "over" in said:
                return True
            self.checks.told(f"{how}: {said['title']}", said["detail"], said["well"], said["seconds"])
        self.checks.told(f"{how}: the page", "did not come to its end", False, time.monotonic() - begun)
        return False


def nothing_but_questions(sent: list[Sent]) -> str:
    calls = [request for request in sent if request.method != "OPTIONS"]
    same([request.path for request in calls], ["/openapi.json"], "what was sent besides questions")
    return f"{len(sent) - len(calls)} questions, and the one request that needs none"


def fingerprint(tls: Certificate) -> str:
    """How Chromium names the one certificate that it may trust although nobody vouches for it."""
    command = ["openssl", "x509", "-in", str(tls.file), "-noout", "-pubkey"]
    text = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    key = base64.b64decode("".join(text.splitlines()[1:-1]))
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


if __name__ == "__main__":
    sys.exit(main())
